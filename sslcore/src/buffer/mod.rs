//! The two buffers a connection lives in, owned or lent.

mod queue;
mod receive;
mod storage;
mod transmit;

pub(crate) use self::queue::Queue;
pub(crate) use self::receive::{ReceiveBuffer, missing};
pub use self::storage::Buffers;
pub(crate) use self::storage::Storage;
pub(crate) use self::transmit::TransmitBuffer;
