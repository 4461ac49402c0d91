//! Randomness of the operating system.

use crate::ports::Random;

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
