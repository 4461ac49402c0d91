//! Randomness. A pure part gets it as an argument.

/// Randomness.
pub trait Random {
    /// A new random UUID.
    fn token(&self) -> String;
    /// A number in `[0, 1)`.
    fn unit(&self) -> f64;
}
