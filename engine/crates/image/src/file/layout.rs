//! Where everything lies in an image: regions of fixed capacity, in file order.
//!
//! Virtual addresses equal file offsets for everything that is loaded, so that the daemon's mapping of the file is
//! indexed by virtual address. Room costs nothing until it is written to (the file is sparse), but for addresses: code reaches
//! 2 GB. Regions within reach share what there is.

use serde::{Deserialize, Serialize};

use crate::file::demand::{Demand, FAR_FROM};
use crate::file::region::{ByRegion, PAGE, Region, by_region};
use crate::file::room::{MOST, Need, Room};

/// Bytes that code and what it refers to without the GOT may span: what a signed 32-bit distance reaches, less what relocations
/// may add to it.
pub const REACH: u64 = (1 << 31) - (16 << 20);

/// Start and capacity of every region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    #[serde(with = "by_region")]
    start: ByRegion,
    #[serde(with = "by_region")]
    capacity: ByRegion,
    far_from: u64,
    file_len: u64,
}

/// A program that no image can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the program is too large: {what} need at least {}, {} of it for {}, and there can be {}",
    bytes(*.needed), bytes(*.largest_bytes), .largest.contents(), bytes(*.limit),
    what = if .largest.is_near() { "its code and what that reaches directly" } else { "parts of it" },
)]
pub struct TooLarge {
    /// Bytes that it needs at least.
    pub needed: u64,
    /// Bytes that there can be.
    pub limit: u64,
    /// What needs most of them.
    pub largest: Region,
    /// Bytes that this needs.
    pub largest_bytes: u64,
}

/// A number of bytes for people.
fn bytes(bytes: u64) -> String {
    match bytes {
        0..0x10_0000 => format!("{} KB", bytes >> 10),
        0x10_0000..0x4000_0000 => format!("{} MB", bytes >> 20),
        _ => format!("{:.1} GB", bytes as f64 / f64::from(1 << 30)),
    }
}

impl Layout {
    /// Lays out an image for `demand`, and for what is known of the program's earlier images.
    ///
    /// # Errors
    /// What the program needs at least is more than there can be.
    pub fn new(demand: &Demand, room: &Room) -> Result<Self, TooLarge> {
        let [first, others @ ..] = FAR_FROM;
        let usual = Self::with(demand, room, first);
        usual.or_else(|refused| {
            let mut layouts = others.into_iter().map(|far_from| Self::with(demand, room, far_from));
            layouts.find_map(Result::ok).ok_or(refused)
        })
    }

    fn with(demand: &Demand, room: &Room, far_from: u64) -> Result<Self, TooLarge> {
        let needs = demand.needs(room, far_from);
        let near = shares(&needs)?;
        let mut capacity: ByRegion = [0; Region::COUNT];
        for region in Region::ALL {
            let Need { least, wanted } = needs[region as usize];
            let limit = most(region);
            if least > limit {
                return Err(TooLarge { needed: least, limit, largest: region, largest_bytes: least });
            }
            let given = if region.is_near() { near.of(least, wanted) } else { wanted };
            capacity[region as usize] = given.min(limit);
        }
        let mut start: ByRegion = [0; Region::COUNT];
        let mut at = 0u64;
        for region in Region::ALL {
            at = at.next_multiple_of(if region.starts_page() { PAGE } else { 64 });
            start[region as usize] = at;
            // What is loaded behind zeros leaves a hole for them in the file, as addresses are offsets.
            if region != Region::FarBss {
                at += capacity[region as usize];
            }
        }
        Ok(Self { start, capacity, far_from, file_len: at.next_multiple_of(PAGE) })
    }

    /// File offset of a region (and virtual address, if it is loaded).
    pub fn start(&self, region: Region) -> u64 {
        self.start[region as usize]
    }

    /// Bytes that a region can hold.
    pub fn capacity(&self, region: Region) -> u64 {
        self.capacity[region as usize]
    }

    /// Whether code reaches `address` without the GOT.
    pub fn is_near(&self, address: u64) -> bool {
        let end = self.start(Region::FarRodata);
        (end.saturating_sub(REACH)..end).contains(&address)
    }

    /// Size from which variables lie where only the GOT reaches.
    pub fn far_from(&self) -> u64 {
        self.far_from
    }

    /// Apparent length of the file.
    pub fn file_len(&self) -> u64 {
        self.file_len
    }
}

/// What a region can hold at most, whatever the others need.
fn most(region: Region) -> u64 {
    match region {
        // Distances from the search table, in 32 bits.
        Region::EhFrame => REACH,
        // Offsets in 32 bits.
        Region::Dynstr | Region::Strtab | Region::DebugInfo | Region::DebugLine | Region::DebugRanges => {
            u32::MAX.into()
        }
        region if region.is_near() => REACH,
        _ => MOST,
    }
}

/// How regions within reach share what is left when all have what they need at least: `part` of `whole` of what they want more.
struct Shares {
    part: u64,
    whole: u64,
}

impl Shares {
    fn of(&self, least: u64, wanted: u64) -> u64 {
        let more = u128::from(wanted - least) * u128::from(self.part) / u128::from(self.whole);
        least + u64::try_from(more).unwrap_or(u64::MAX)
    }
}

fn shares(needs: &[Need; Region::COUNT]) -> Result<Shares, TooLarge> {
    // Where regions begin: at most a page lies before each.
    let limit = REACH - PAGE * Region::COUNT as u64;
    let near =
        || Region::ALL.into_iter().filter(|region| region.is_near()).map(|region| (region, needs[region as usize]));
    let needed = near().fold(0u64, |sum, (_, need)| sum.saturating_add(need.least));
    if needed > limit {
        let (largest, need) = near().max_by_key(|(_, need)| need.least).expect("some regions are within reach");
        return Err(TooLarge { needed, limit, largest, largest_bytes: need.least });
    }
    let more = near().fold(0u64, |sum, (_, need)| sum.saturating_add(need.wanted - need.least));
    let whole = more.max(1);
    Ok(Shares { part: whole.min(limit - needed), whole })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::file::demand::Variables;
    use crate::file::room::Shortage;

    /// Any number of things, from none to more than there can be.
    fn amount() -> impl Strategy<Value = u64> {
        prop_oneof![Just(0), 0..5000u64, 0..(1u64 << 31), any::<u64>()]
    }

    fn demand() -> impl Strategy<Value = Demand> {
        let variables = prop::collection::vec(prop::array::uniform7(amount()), FAR_FROM.len() + 1);
        let others = prop::collection::vec(amount(), 11);
        let fixed = prop::collection::vec(prop_oneof![4 => Just(0), 1 => amount()], Region::COUNT);
        (variables, others, fixed).prop_map(|(variables, others, fixed)| {
            let mut demand = Demand::default();
            for (into, [count, constants, relocated, data, zeros, small_zeros, zero_constants]) in
                demand.variables.iter_mut().zip(variables)
            {
                *into = Variables { count, constants, relocated, data, zeros, small_zeros, zero_constants };
            }
            let [
                functions,
                weight,
                assembly_symbols,
                name_bytes,
                variable_name_bytes,
                pointers,
                cells,
                imports,
                import_name_bytes,
                exports,
                export_name_bytes,
            ] = others[..]
            else {
                unreachable!()
            };
            demand.fixed.copy_from_slice(&fixed);
            Demand {
                functions,
                weight,
                assembly_symbols,
                name_bytes,
                variable_name_bytes,
                pointers,
                cells,
                imports,
                import_name_bytes,
                exports,
                export_name_bytes,
                ..demand
            }
        })
    }

    fn check(demand: &Demand, room: &Room) {
        let Ok(layout) = Layout::new(demand, room) else { return };
        let needs = demand.needs(room, layout.far_from());
        let mut end = 0;
        for region in Region::ALL {
            assert!(layout.start(region) >= end, "{region:?} overlaps what is before it");
            assert!(layout.capacity(region) >= needs[region as usize].least, "{region:?} has less than it needs");
            if region.starts_page() {
                assert!(layout.start(region).is_multiple_of(PAGE), "{region:?}");
            }
            end = layout.start(region) + if region == Region::FarBss { 0 } else { layout.capacity(region) };
        }
        assert!(layout.file_len() >= end);
        let near = layout.start(Region::EhFrameHdr)..layout.start(Region::FarRodata);
        assert!(near.end - near.start <= REACH);
        assert!(layout.is_near(near.start) && layout.is_near(near.end - 1) && !layout.is_near(near.end));
        assert!(layout.start(Region::EhFrameHdr) - layout.start(Region::EhFrame) < 1 << 31);
    }

    proptest! {
        #[test]
        fn every_region_holds_what_it_must(demand in demand(), full in prop::collection::vec((0..Region::COUNT, amount(), amount(), any::<bool>()), 0..4)) {
            let mut room = Room::default();
            check(&demand, &room);
            for (region, capacity, needed, is_new) in full {
                room.note(&Shortage { region: Region::ALL[region], capacity, needed }, is_new);
                check(&demand, &room);
            }
        }
    }

    /// A program like rust-analyzer: so many functions, 34 units of weight each.
    fn program(functions: u64) -> Demand {
        Demand {
            functions,
            weight: functions * 34,
            name_bytes: functions * 110,
            imports: functions / 50,
            import_name_bytes: functions,
            ..Demand::default()
        }
    }

    #[test]
    fn a_million_functions_have_all_the_room_that_they_want() {
        let layout = Layout::new(&program(1_000_000), &Room::default()).unwrap();
        assert!(layout.capacity(Region::Text) > 4 * 168_000_000, "{layout:?}");
        assert_eq!(layout.capacity(Region::Slots), 2 * 16_000_000 + (64 << 10));
    }

    #[test]
    fn a_small_program_takes_few_addresses() {
        let layout = Layout::new(&program(500), &Room::default()).unwrap();
        assert!(layout.start(Region::FarRodata) < 24 << 20, "{layout:?}");
        assert!(layout.file_len() < 48 << 20, "{layout:?}");
    }

    #[test]
    fn one_and_a_half_gigabytes_of_code_fit() {
        let mut demand = program(300_000);
        demand.fixed[Region::Text as usize] = 3 << 29;
        let layout = Layout::new(&demand, &Room::default()).unwrap();
        assert!(layout.capacity(Region::Text) > (3 << 29) + 300_000 * 168);
    }

    #[test]
    fn what_is_too_large_is_named() {
        let mut demand = program(1000);
        demand.fixed[Region::Text as usize] = 5 << 29;
        let error = Layout::new(&demand, &Room::default()).unwrap_err();
        assert_eq!((error.largest, error.largest_bytes), (Region::Text, demand.least_code()));
        assert_eq!(
            error.to_string(),
            "the program is too large: its code and what that reaches directly need at least 2.5 GB, 2.5 GB of it for code, and \
             there can be 2.0 GB"
        );
    }

    #[test]
    fn many_small_variables_lie_far_away_where_code_does_not_reach_them_all() {
        let mut demand = program(1000);
        demand.of_size(1000).constants = 3 << 30;
        demand.of_size(1000).count = 3 << 20;
        demand.of_size(100).data = 1 << 20;
        let layout = Layout::new(&demand, &Room::default()).unwrap();
        assert_eq!(layout.far_from(), 1 << 8);
        assert!(layout.capacity(Region::FarRodata) >= 3 << 30 && layout.capacity(Region::Data) >= 1 << 20);
        demand.of_size(100).constants = 3 << 30;
        assert_eq!(Layout::new(&demand, &Room::default()).unwrap_err().largest, Region::Rodata);
    }

    #[test]
    fn only_what_ran_full_grows() {
        let demand = program(1000);
        let before = Layout::new(&demand, &Room::default()).unwrap();
        for region in Region::ALL {
            let (mut room, capacity) = (Room::default(), before.capacity(region));
            room.note(&Shortage { region, capacity, needed: capacity + 10 }, false);
            let after = Layout::new(&demand, &room).unwrap();
            for other in Region::ALL {
                let grown = if other == region { (capacity + 10) * 2 } else { before.capacity(other) };
                assert_eq!(after.capacity(other), grown, "{other:?} when {region:?} ran full");
            }
        }
    }
}
