//! The firmware plays its other roles against the programs that they are for. `tests/run firmware_all`
//! builds it, installs those, and says where the image and QEMU are.

mod guest;
mod mosquitto;

mod bad_input;
mod costs;
mod decisions;
mod endurance;
mod programs;
