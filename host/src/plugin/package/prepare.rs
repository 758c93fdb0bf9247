//! What a guest does before any question is asked, done once when it is built: it exports the function
//! `wizer-initialize`, that function runs, and what its memory holds then is what every instance starts with.

use std::borrow::Cow;

use anyhow::{Context, Result, anyhow};
use futures::FutureExt;
use wasmparser::{Parser, Payload};
use wasmtime::{Engine, Instance, Linker, Module, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, ValType, Wizer};

/// Prepares a core module that exports the function, and leaves any other as it is.
pub(super) fn prepare(module: &[u8]) -> Result<Cow<'_, [u8]>> {
    let wizer = Wizer::new();
    if !exports(module, wizer.get_init_func())? {
        return Ok(Cow::Borrowed(module));
    }
    let prepared = snapshot(&wizer, module).map_err(|error| anyhow!("{error:#}"));
    prepared.map(Cow::Owned).context("the module can't be prepared")
}

fn exports(module: &[u8], name: &str) -> Result<bool> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(exports) = payload? {
            return Ok(exports.into_iter().flatten().any(|export| export.name == name));
        }
    }
    Ok(false)
}

fn snapshot(wizer: &Wizer, module: &[u8]) -> wasmtime::Result<Vec<u8>> {
    let (context, instrumented) = wizer.instrument(module)?;
    let engine = Engine::default();
    let compiled = Module::new(&engine, &instrumented)?;
    let mut linker = Linker::new(&engine);
    // There is no host yet, so nothing of it can be called.
    linker.define_unknown_imports_as_traps(&compiled)?;
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &compiled)?;
    instance.get_typed_func::<(), ()>(&mut store, wizer.get_init_func())?.call(&mut store, ())?;
    let state = &mut Prepared { store, instance };
    let snapshot = wizer.snapshot(&context, state).now_or_never();
    snapshot.unwrap_or_else(|| Err(wasmtime::Error::msg("its state is not there at once")))
}

/// An instance whose function has run.
struct Prepared {
    store: Store<()>,
    instance: Instance,
}

impl InstanceState for Prepared {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name).expect("a global that the module exports");
        match global.get(&mut self.store) {
            Val::I32(value) => SnapshotVal::I32(value),
            Val::I64(value) => SnapshotVal::I64(value),
            Val::F32(bits) => SnapshotVal::F32(bits),
            Val::F64(bits) => SnapshotVal::F64(bits),
            Val::V128(value) => SnapshotVal::V128(value.as_u128()),
            _ => unreachable!("the module was refused because of it"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name).expect("a memory that the module exports");
        contents(memory.data(&self.store));
    }
}
