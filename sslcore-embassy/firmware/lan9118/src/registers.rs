//! The registers, by the names of the data sheet (DS00002266), and what is written to them.

/// A register, as its distance from the controller's first address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Register {
    /// RX_DATA_FIFO.
    ReceiveData = 0x00,
    /// TX_DATA_FIFO.
    TransmitData = 0x20,
    /// RX_STATUS_FIFO.
    ReceiveStatus = 0x40,
    /// TX_STATUS_FIFO.
    TransmitStatus = 0x48,
    /// IRQ_CFG.
    InterruptConfig = 0x54,
    /// INT_STS.
    InterruptStatus = 0x58,
    /// INT_EN.
    InterruptEnable = 0x5c,
    /// BYTE_TEST.
    ByteTest = 0x64,
    /// FIFO_INT.
    FifoInterrupt = 0x68,
    /// TX_CFG.
    TransmitConfig = 0x70,
    /// HW_CFG.
    HardwareConfig = 0x74,
    /// RX_DP_CTRL.
    ReceiveControl = 0x78,
    /// RX_FIFO_INF: frames that wait, bits 23 to 16.
    ReceiveFifo = 0x7c,
    /// TX_FIFO_INF: reports that wait, bits 23 to 16, and free bytes, bits 15 to 0.
    TransmitFifo = 0x80,
    /// MAC_CSR_CMD.
    MacCommand = 0xa4,
    /// MAC_CSR_DATA.
    MacData = 0xa8,
}

/// What BYTE_TEST reads.
pub(crate) const TEST_PATTERN: u32 = 0x8765_4321;
/// HW_CFG: SRST.
pub(crate) const SOFT_RESET: u32 = 1;
/// IRQ_CFG: IRQ_EN, IRQ_POL, IRQ_TYPE.
pub(crate) const INTERRUPT_LINE: u32 = 0x111;
/// INT_EN: RSFL_EN, a frame has been received.
pub(crate) const FRAME_RECEIVED: u32 = 1 << 3;
/// TX_CFG: TX_ON, and TXSAO: it sends on when nobody takes its reports.
pub(crate) const TRANSMIT_ON: u32 = 0b110;
/// RX_DP_CTRL: RX_FFWD.
pub(crate) const FAST_FORWARD: u32 = 1 << 31;
/// The report of a received frame: ES, any error.
pub(crate) const RECEIVE_ERROR: u32 = 1 << 15;
/// The first word before a frame to be sent: one buffer, first and last.
pub(crate) const WHOLE_FRAME: u32 = 1 << 13 | 1 << 12;
/// MAC_CSR_CMD: busy.
pub(crate) const MAC_BUSY: u32 = 1 << 31;
/// MAC_CR.
pub(crate) const MAC_CONTROL: u32 = 1;
/// ADDRH.
pub(crate) const MAC_ADDRESS_HIGH: u32 = 2;
/// ADDRL.
pub(crate) const MAC_ADDRESS_LOW: u32 = 3;
/// MAC_CR: TXEN.
pub(crate) const MAC_TRANSMITS: u32 = 1 << 3;
/// MAC_CR: RXEN.
pub(crate) const MAC_RECEIVES: u32 = 1 << 2;
