//! The clock of all benchmarks.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Processor time of this thread: every stage computes on one thread and waits for nothing, so on a quiet machine it equals
/// the time on the wall, and on a busy one it leaves out what others used. Costs a system call: for whole units, not functions.
fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Neither is ever negative: the clock starts at zero with the thread.
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Runs `work` and adds the processor time that it took to `total`.
pub fn timed<T>(total: &mut Duration, work: impl FnOnce() -> T) -> T {
    let start = now();
    let result = std::hint::black_box(work());
    *total += now() - start;
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_takes_no_time_and_work_does() {
        let (mut asleep, mut awake) = (Duration::ZERO, Duration::ZERO);
        timed(&mut asleep, || std::thread::sleep(Duration::from_millis(30)));
        timed(&mut awake, || {
            let start = std::time::Instant::now();
            while start.elapsed() < Duration::from_millis(30) {}
        });
        assert!(asleep < Duration::from_millis(5), "{asleep:?}");
        assert!(awake > asleep, "{awake:?}");
    }
}
