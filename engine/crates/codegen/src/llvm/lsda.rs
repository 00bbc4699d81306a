//! Call-site tables in the format of the Itanium C++ ABI's level II exception handling, as in `.gcc_except_table`.

use super::cursor::Cursor;
use crate::machine::{Action, CallSite};

const OMITTED: u8 = 0xff;
const ULEB: u8 = 0x01;
const UDATA4: u8 = 0x03;

/// Reads the table of the section's only function; `None` when it is not as LLVM writes it.
pub(super) fn read(section: &[u8]) -> Option<Vec<CallSite>> {
    let mut cursor = Cursor::new(section);
    if cursor.u8()? != OMITTED {
        // Landing pads relative to anything but the function's start.
        return None;
    }
    if cursor.u8()? != OMITTED {
        cursor.uleb()?;
    }
    let encoding = cursor.u8()?;
    let len = usize::try_from(cursor.uleb()?).ok()?;
    let mut sites = Cursor::new(cursor.bytes(len)?);
    let actions = section.get(cursor.position..)?;
    let mut found = Vec::new();
    while !sites.is_empty() {
        let mut value = || -> Option<u32> {
            match encoding {
                ULEB => u32::try_from(sites.uleb()?).ok(),
                UDATA4 => sites.u32(),
                _ => None,
            }
        };
        let (start, len, landing_pad) = (value()?, value()?, value()?);
        let action = match sites.uleb()? {
            0 => Action::Cleanup,
            index => action(actions, usize::try_from(index - 1).ok()?)?,
        };
        found.push(CallSite { start, end: start.checked_add(len)?, landing_pad, action });
    }
    Some(found)
}

/// Follows a chain of action records: it catches or filters if any of them does.
fn action(table: &[u8], start: usize) -> Option<Action> {
    /// More records than a landing pad has clauses.
    const MAX_RECORDS: usize = 64;
    let mut position = start;
    let mut found = Action::Cleanup;
    for _ in 0..MAX_RECORDS {
        let mut record = Cursor::new(table.get(position..)?);
        let filter = record.sleb()?;
        let link = record.position;
        let next = record.sleb()?;
        match filter {
            0 => {}
            1.. => found = Action::Catch,
            _ if found == Action::Cleanup => found = Action::Filter,
            _ => {}
        }
        if next == 0 {
            return Some(found);
        }
        position = (position + link).checked_add_signed(isize::try_from(next).ok()?)?;
    }
    None
}
