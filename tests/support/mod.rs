//! A world without a network and without real time: a clock that jumps from timer to timer, the queue in memory behind
//! a connection that can fail, and a provider in memory. Everything is deterministic.
#![allow(dead_code)] // Each test binary uses its own part.

mod clock;
mod database;
mod memory;
mod other;
mod provider;
mod random;
mod request;
mod world;

pub use clock::SimulatedClock;
pub use database::{Connection, Fault};
pub use memory::MemoryQueue;
pub use other::OTHER;
pub use provider::MemoryMailer;
pub use random::SeededRandom;
pub use request::{Behaviour, Mode, Request};
pub use world::{World, email};
