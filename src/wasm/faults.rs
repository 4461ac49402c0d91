//! Faults on demand, for the tests of the shim that guards this module. Only test builds have them.

#[cfg(not(feature = "test-faults"))]
pub(super) async fn inject(_: Option<&str>) {}

/// Breaks as a header says.
#[cfg(feature = "test-faults")]
#[allow(clippy::panic)] // That is what it is for.
pub(super) async fn inject(fault: Option<&str>) {
    match fault {
        Some("panic") => panic!("a panic on demand"),
        Some("late-panic") => {
            gloo_timers::future::sleep(std::time::Duration::from_millis(50)).await;
            panic!("a late panic on demand")
        }
        Some("trap") => core::arch::wasm32::unreachable(),
        // In a task, which nothing of JavaScript's is above.
        Some("late-trap") => {
            gloo_timers::future::sleep(std::time::Duration::from_millis(50)).await;
            core::arch::wasm32::unreachable()
        }
        Some("overflow") => {
            recurse(0);
        }
        Some("hang") => std::future::pending().await,
        _ => {}
    }
}

#[cfg(feature = "test-faults")]
#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    std::hint::black_box(recurse(std::hint::black_box(depth + 1)) + 1)
}
