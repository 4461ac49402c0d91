//! Randomness of the operating system.

use crate::base::Random;
use std::time::{Duration, SystemTime};

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn token(&self) -> String {
        uuid::Uuid::new_v4().to_string()
    }

    fn unit(&self) -> f64 {
        let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
        // The version and variant bits are not random; these 32 are.
        (high >> 32) as f64 / 4_294_967_296.0
    }
}

/// The time, by the system's clock.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
}
