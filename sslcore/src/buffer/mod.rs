//! The two buffers a connection lives in, owned or lent.

mod pace;
mod queue;
mod receive;
mod storage;
mod transmit;

pub(crate) use self::queue::Queue;
pub(crate) use self::receive::ReceiveBuffer;
pub(crate) use self::storage::Storage;
pub use self::storage::{BufferPool, Buffers, StaticBuffer};
pub(crate) use self::transmit::TransmitBuffer;
