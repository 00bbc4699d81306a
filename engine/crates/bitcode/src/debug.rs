//! Debug metadata: source positions, the functions they are in, files and namespaces.
//!
//! The C API has no accessor for most fields; every node's operands can be read, though, in the order that LLVM's
//! constructors lay them out (`llvm/include/llvm/IR/DebugInfoMetadata.h`): a scope's operand 0 is its file, operand 1
//! the enclosing scope, 2 the name, and a subprogram's 3 the linkage name.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use crate::context::{Context, borrow_text};
use crate::ffi::{MetadataRef, ValueRef, metadata_kind};
use crate::ir::{Location, SourceFile, SourceFrame, Subprogram};
use crate::pointer_map::PointerMap;

const SCOPE: usize = 1;
const NAME: usize = 2;
const LINKAGE_NAME: usize = 3;

/// Scopes nest as deep as source code does; a longer chain is a cycle in broken metadata.
const MAX_DEPTH: usize = 256;

/// Memoised debug metadata of one context.
pub(crate) struct DebugTable {
    /// Locations without duplicates; two nodes with equal contents share an index.
    pub(crate) locations: Vec<Location>,
    by_node: PointerMap<MetadataRef, Option<u32>>,
    by_content: PointerMap<ContentKey, u32>,
    subprograms: PointerMap<MetadataRef, Arc<Subprogram>>,
    /// Function that a scope (lexical block or subprogram) belongs to.
    scopes: PointerMap<MetadataRef, Option<MetadataRef>>,
    files: PointerMap<MetadataRef, Arc<SourceFile>>,
    namespaces: PointerMap<MetadataRef, Vec<Arc<str>>>,
    operands: Vec<ValueRef>,
    no_file: Arc<SourceFile>,
}

/// Contents of a location. Files and functions are kept once per node, so their addresses identify them.
#[derive(PartialEq, Eq, Hash)]
struct ContentKey {
    line: u32,
    column: u32,
    file: *const SourceFile,
    subprogram: *const Subprogram,
    /// Index of the location that it was inlined at; `u32::MAX` for none.
    caller: u32,
}

impl Default for DebugTable {
    fn default() -> Self {
        Self {
            locations: Vec::new(),
            by_node: PointerMap::default(),
            by_content: PointerMap::default(),
            subprograms: PointerMap::default(),
            scopes: PointerMap::default(),
            files: PointerMap::default(),
            namespaces: PointerMap::default(),
            operands: Vec::new(),
            no_file: Arc::new(SourceFile { directory: "".into(), name: "".into() }),
        }
    }
}

impl DebugTable {
    /// Index into [`Self::locations`] of a `DILocation`; `None` when it has no function (broken metadata).
    #[inline]
    pub(crate) fn location(&mut self, cx: &Context, node: MetadataRef) -> Option<u32> {
        if let Some(known) = self.by_node.get(&node) {
            return *known;
        }
        let index = self.read_location(cx, node, 0);
        self.by_node.insert(node, index);
        index
    }

    fn read_location(&mut self, cx: &Context, node: MetadataRef, depth: usize) -> Option<u32> {
        if let Some(known) = self.by_node.get(&node) {
            return *known;
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let api = cx.api();
        let scope = api.LLVMDILocationGetScope(node).some()?;
        let subprogram = self.enclosing_subprogram(cx, scope)?;
        let subprogram = self.subprogram(cx, subprogram);
        let file = match api.LLVMDIScopeGetFile(scope).some() {
            Some(file) => self.file(cx, file),
            None => subprogram.file.clone(),
        };
        let (line, column) = (api.LLVMDILocationGetLine(node), api.LLVMDILocationGetColumn(node));
        let caller =
            api.LLVMDILocationGetInlinedAt(node).some().and_then(|node| self.read_location(cx, node, depth + 1));
        let key = ContentKey {
            line,
            column,
            file: Arc::as_ptr(&file),
            subprogram: Arc::as_ptr(&subprogram),
            caller: caller.unwrap_or(u32::MAX),
        };
        if let Some(&known) = self.by_content.get(&key) {
            return Some(known);
        }
        let frame = SourceFrame { subprogram, file, line, column };
        let mut frames: SmallVec<[SourceFrame; 1]> = smallvec![frame];
        if let Some(caller) = caller {
            frames.extend(self.locations[caller as usize].frames.iter().cloned());
        }
        let index = self.locations.len() as u32;
        self.locations.push(Location { frames });
        self.by_content.insert(key, index);
        Some(index)
    }

    /// The decoded form of a `DISubprogram`.
    pub(crate) fn subprogram(&mut self, cx: &Context, node: MetadataRef) -> Arc<Subprogram> {
        if let Some(known) = self.subprograms.get(&node) {
            return known.clone();
        }
        let api = cx.api();
        let mut operands = std::mem::take(&mut self.operands);
        cx.metadata_operands(node, &mut operands);
        let name = text(cx, &operands, NAME);
        let linkage_name = text(cx, &operands, LINKAGE_NAME);
        let scope = node_at(cx, &operands, SCOPE);
        self.operands = operands;
        let namespace = scope.map_or_else(Vec::new, |scope| self.namespace(cx, scope, 0));
        let file = self.scope_file(cx, node);
        let line = api.LLVMDISubprogramGetLine(node);
        let subprogram = Arc::new(Subprogram { name, linkage_name, namespace, file, line });
        self.subprograms.insert(node, subprogram.clone());
        subprogram
    }

    fn enclosing_subprogram(&mut self, cx: &Context, scope: MetadataRef) -> Option<MetadataRef> {
        if let Some(known) = self.scopes.get(&scope) {
            return *known;
        }
        let mut current = scope;
        let mut found = None;
        for _ in 0..MAX_DEPTH {
            match cx.api().LLVMGetMetadataKind(current) {
                metadata_kind::SUBPROGRAM => {
                    found = Some(current);
                    break;
                }
                metadata_kind::LEXICAL_BLOCK | metadata_kind::LEXICAL_BLOCK_FILE => {}
                _ => break,
            }
            let mut operands = std::mem::take(&mut self.operands);
            cx.metadata_operands(current, &mut operands);
            let parent = node_at(cx, &operands, SCOPE);
            self.operands = operands;
            let Some(parent) = parent else { break };
            current = parent;
        }
        self.scopes.insert(scope, found);
        found
    }

    /// Names of the namespaces, types and functions around and including `scope`, outermost first.
    fn namespace(&mut self, cx: &Context, scope: MetadataRef, depth: usize) -> Vec<Arc<str>> {
        if let Some(known) = self.namespaces.get(&scope) {
            return known.clone();
        }
        let kind = cx.api().LLVMGetMetadataKind(scope);
        let named =
            matches!(kind, metadata_kind::NAMESPACE | metadata_kind::COMPOSITE_TYPE | metadata_kind::SUBPROGRAM);
        let nested = named || matches!(kind, metadata_kind::LEXICAL_BLOCK | metadata_kind::LEXICAL_BLOCK_FILE);
        if !nested || depth > MAX_DEPTH {
            return Vec::new();
        }
        let mut operands = std::mem::take(&mut self.operands);
        cx.metadata_operands(scope, &mut operands);
        let parent = node_at(cx, &operands, SCOPE);
        let name = named.then(|| text(cx, &operands, NAME));
        self.operands = operands;
        let mut names = parent.map_or_else(Vec::new, |parent| self.namespace(cx, parent, depth + 1));
        names.extend(name.filter(|name| !name.is_empty()));
        self.namespaces.insert(scope, names.clone());
        names
    }

    fn scope_file(&mut self, cx: &Context, scope: MetadataRef) -> Arc<SourceFile> {
        match cx.api().LLVMDIScopeGetFile(scope).some() {
            Some(file) => self.file(cx, file),
            None => self.no_file.clone(),
        }
    }

    fn file(&mut self, cx: &Context, node: MetadataRef) -> Arc<SourceFile> {
        if let Some(known) = self.files.get(&node) {
            return known.clone();
        }
        let api = cx.api();
        let file = Arc::new(SourceFile {
            directory: borrow_text(api, |len| api.LLVMDIFileGetDirectory(node, len)).into(),
            name: borrow_text(api, |len| api.LLVMDIFileGetFilename(node, len)).into(),
        });
        self.files.insert(node, file.clone());
        file
    }
}

fn text(cx: &Context, operands: &[ValueRef], index: usize) -> Arc<str> {
    let api = cx.api();
    match operands.get(index).and_then(|operand| operand.some()) {
        Some(operand) => borrow_text(api, |len| api.LLVMGetMDString(operand, len)).into(),
        None => "".into(),
    }
}

fn node_at(cx: &Context, operands: &[ValueRef], index: usize) -> Option<MetadataRef> {
    operands.get(index).and_then(|operand| operand.some()).and_then(|value| cx.api().LLVMValueAsMetadata(value).some())
}
