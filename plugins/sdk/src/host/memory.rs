//! A component's memory: its allocator, and what is set aside for a turn.

use std::alloc::Layout;
use std::arch::wasm32::memory_grow;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use talc::base::binning::Binning;
use talc::base::{CHUNK_UNIT, Talc};
use talc::cell::TalcSyncCell;
use talc::source::Source;
use talc::wasm::WasmBinning;

/// A fifth of an agent's time went into the standard library's allocator for wasm, which is slower.
#[global_allocator]
static ALLOCATOR: TalcSyncCell<Pages, WasmBinning> = TalcSyncCell::new_wasm(Pages { heap_end: None });

const PAGE: usize = 64 * 1024;

/// What is set aside for a turn. The agents here use less; one that uses more gets it from the host.
const TURN_PAGES: usize = 8;

/// Where the memory is that was set aside and not used yet.
static SET_ASIDE: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());

/// Sets memory aside for the turn, which then needn't have the host grow its memory. Nothing is written to it, so that it is no
/// part of what the builder keeps: idle servers would hold it for each agent.
pub(super) fn set_aside() {
    let before = memory_grow::<0>(TURN_PAGES);
    if before != usize::MAX {
        SET_ASIDE.store((before * PAGE) as *mut u8, Relaxed);
    }
}

/// Where the allocator gets memory from.
#[derive(Debug)]
struct Pages {
    /// The end of the part of memory that it got last.
    heap_end: Option<NonNull<u8>>,
}

// SAFETY: it allocates nothing itself.
unsafe impl Source for Pages {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, layout: Layout) -> Result<(), ()> {
        let set_aside = SET_ASIDE.swap(ptr::null_mut(), Relaxed);
        let (base, bytes) = if set_aside.is_null() { grow(layout)? } else { (set_aside, TURN_PAGES * PAGE) };
        let heap_end = match talc.source.heap_end {
            // SAFETY: `heap_end` is the end of a part of memory that was claimed, and what follows was just got from the
            // host, or set aside by `set_aside` for nobody else.
            Some(end) if end.as_ptr() == base => unsafe { talc.extend(end, base.wrapping_add(bytes)) },
            // SAFETY: the same, of memory that doesn't follow it.
            _ => unsafe { talc.claim(base, bytes) }.ok_or(())?,
        };
        talc.source.heap_end = Some(heap_end);
        Ok(())
    }
}

/// Grows the memory by what an allocation needs, with what the allocator keeps beside it.
fn grow(layout: Layout) -> Result<(*mut u8, usize), ()> {
    let needed = layout.size().checked_add(layout.align()).and_then(|bytes| bytes.checked_add(4 * CHUNK_UNIT));
    let pages = needed.ok_or(())?.div_ceil(PAGE);
    match memory_grow::<0>(pages) {
        usize::MAX => Err(()),
        before => Ok(((before * PAGE) as *mut u8, pages * PAGE)),
    }
}
