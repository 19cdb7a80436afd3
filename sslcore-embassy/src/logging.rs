//! What the application's log is told: events that a socket hands out or has no room for, failures aloud.

use sslcore::Event;

pub(crate) fn event(event: &Event) {
    #[cfg(feature = "defmt")]
    match event {
        Event::Failed(failure) => defmt::warn!("TLS: {}", failure),
        event => defmt::debug!("TLS: {}", event),
    }
    #[cfg(feature = "log")]
    match event {
        Event::Failed(failure) => log::warn!(target: "sslcore", "{failure}"),
        event => log::debug!(target: "sslcore", "{event:?}"),
    }
    #[cfg(not(any(feature = "defmt", feature = "log")))]
    let _ = event;
}
