//! Two stacks of embassy-net, and a wire between them.

use core::task::{Context, Waker};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use embassy_net::{Config, Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};

/// Packets in one direction, and who waits for them.
#[derive(Default)]
struct Lane {
    packets: VecDeque<Vec<u8>>,
    reader: Option<Waker>,
    /// The link is down: packets are lost.
    lost: bool,
}

type Shared = Arc<Mutex<Lane>>;

/// One end of a wire that carries IP.
pub struct Port {
    incoming: Shared,
    outgoing: Shared,
}

/// A wire that can be cut.
pub struct Wire([Shared; 2]);

impl Wire {
    pub fn cut(&self) {
        for lane in &self.0 {
            lane.lock().expect("no panic").lost = true;
        }
    }
}

pub struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, take: F) -> R {
        take(&mut self.0)
    }
}

pub struct Sending<'a>(&'a Shared);

impl TxToken for Sending<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let mut packet = vec![0; len];
        let filled = fill(&mut packet);
        let mut lane = self.0.lock().expect("no panic");
        if !lane.lost {
            lane.packets.push_back(packet);
        }
        if let Some(reader) = lane.reader.take() {
            reader.wake();
        }
        filled
    }
}

impl Driver for Port {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sending<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received, Sending<'_>)> {
        let mut lane = self.incoming.lock().expect("no panic");
        match lane.packets.pop_front() {
            Some(packet) => Some((Received(packet), Sending(&self.outgoing))),
            None => {
                lane.reader = Some(cx.waker().clone());
                None
            }
        }
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Sending<'_>> {
        Some(Sending(&self.outgoing))
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = 1500;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ip
    }
}

/// A host of the network: its stack, and what must be run for it.
pub type Host = (Stack<'static>, Runner<'static, Port>);

/// The address of the host with this number.
pub const fn address(number: u8) -> Ipv4Address {
    Ipv4Address::new(10, 0, 0, number)
}

/// Two hosts, 1 and 2, and the wire between them.
pub fn network() -> (Host, Host, Wire) {
    let (there, back) = (Shared::default(), Shared::default());
    let host = |number, incoming: &Shared, outgoing: &Shared| {
        let port = Port {
            incoming: Arc::clone(incoming),
            outgoing: Arc::clone(outgoing),
        };
        let config = Config::ipv4_static(StaticConfigV4 {
            address: Ipv4Cidr::new(address(number), 24),
            gateway: None,
            dns_servers: Default::default(),
        });
        let resources = Box::leak(Box::new(StackResources::<4>::new()));
        embassy_net::new(port, config, resources, number.into())
    };
    let hosts = (host(1, &back, &there), host(2, &there, &back));
    (hosts.0, hosts.1, Wire([there, back]))
}
