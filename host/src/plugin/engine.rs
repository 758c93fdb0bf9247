//! The one `Engine`: how components are compiled and where they run, and the clock that interrupts them.

use std::path::Path;

use wasmtime::{Cache, CacheConfig, Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits;

/// Makes the engine. `slots` is how many turns may hold an instance at the same time; `cache` is a folder for compiled
/// code, keyed by the component's bytes and everything about this engine.
pub fn engine(slots: u32, cache: Option<&Path>) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        // The component model's own async is not part of the contract; guests are plain synchronous code on fibers.
        .concurrency_support(false)
        .wasm_memory64(false)
        .max_wasm_stack(limits::WASM_STACK_BYTES)
        .async_stack_size(limits::WASM_STACK_BYTES + 512 * 1024)
        .memory_init_cow(true)
        // Where in a plugin's file a trap was: some megabytes for nine agents, and of no use to a user.
        .generate_address_map(false)
        // A guest's frames mean something to its author only.
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(16))
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(slots)));
    if let Some(directory) = cache {
        let mut cache = CacheConfig::new();
        cache.with_directory(directory);
        config.cache(Some(Cache::new(cache)?));
    }
    let engine = Engine::new(&config)?;
    tick(&engine)?;
    Ok(engine)
}

fn pool(slots: u32) -> PoolingAllocationConfig {
    const PER_COMPONENT_INSTANCE: usize = 1024 * 1024;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_stacks(slots)
        .total_core_instances(slots * limits::CORE_INSTANCES as u32)
        .total_memories(slots * limits::MEMORIES as u32)
        .total_tables(slots * limits::TABLES as u32)
        .max_core_instances_per_component(limits::CORE_INSTANCES as u32)
        .max_memories_per_component(limits::MEMORIES as u32)
        .max_tables_per_component(limits::TABLES as u32)
        .max_component_instance_size(PER_COMPONENT_INSTANCE)
        .max_core_instance_size(PER_COMPONENT_INSTANCE)
        .max_memory_size(2 * limits::MEMORY_BYTES)
        .table_elements(limits::TABLE_ELEMENTS)
        // Zeroing what a turn touched is cheaper than giving it back to the kernel and faulting it in again.
        .linear_memory_keep_resident(limits::KEPT_BYTES)
        .table_keep_resident(64 * 1024)
        .pagemap_scan(Enabled::Auto);
    pool
}

/// Advances the epoch for as long as the engine lives.
fn tick(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(limits::EPOCH_TICK);
        }
    })?;
    Ok(())
}
