//! Rules of the payload one by one, the frozen bytes, and properties of both.
