//! What can be done to the two ends, without a browser.

use sslcore::Event;
use sslcore_page::{Deed, End, World, shown};

fn told(world: &World, end: End) -> Vec<String> {
    let events = world.events(end).iter();
    events.map(|(_, event)| format!("{event:?}")).collect()
}

/// So many steps that nothing more happens.
fn go_on(world: &mut World) {
    (0..100).for_each(|_| world.act(Deed::Step));
}

#[test]
fn both_ends_come_to_a_clean_end() {
    let mut world = World::new(1);
    go_on(&mut world);
    for end in End::ALL {
        let events = world.events(end);
        assert!(
            events.iter().any(|(_, event)| *event == Event::Encrypted),
            "{end:?}"
        );
        let last = format!("{:?}", events.last());
        assert!(
            last.contains("Closed(CloseReport { clean: true"),
            "{end:?}: {last}"
        );
        assert!(events.is_sorted_by_key(|(at, _)| *at));
    }
    let text = shown(&world);
    let (said, html) = text.split_once('\0').expect("both");
    assert!(said.starts_with("Nothing more will happen"), "{said}");
    assert!(
        html.contains("<svg") && html.contains("Closed, clean"),
        "{html}"
    );
}

#[test]
fn whatever_is_done_nothing_panics_and_all_can_be_drawn() {
    let mut number = 1_u32;
    for seed in 0..40 {
        let mut world = World::new(seed);
        for _ in 0..60 {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Most of the time it goes on.
            let at = (number >> 24) as usize % 24;
            let deed = Deed::ALL.get(at).map_or(Deed::Step, |(_, deed)| *deed);
            world.act(deed);
            assert!(!world.said().is_empty(), "{deed:?}");
            let text = shown(&world);
            assert!(text.contains("<svg"), "{deed:?}: {text}");
        }
    }
}

#[test]
fn a_lost_flight_is_given_up_in_time() {
    let mut world = World::new(1);
    while !world.said().contains("The client switches to TLS") {
        world.act(Deed::Step);
    }
    while world.under_way(End::Client).count() > 0 {
        world.act(Deed::Drop);
    }
    go_on(&mut world);
    let told = End::ALL.map(|end| told(&world, end));
    let mut all = told.iter().flatten();
    assert!(
        all.any(|event| event.starts_with("Failed(HandshakeTimeout")),
        "{told:?}"
    );
}

#[test]
fn a_certificate_that_is_refused_ends_it() {
    let mut world = World::new(2);
    world.act(Deed::Delay);
    while !world.said().contains("The client holds the handshake") {
        world.act(Deed::Step);
    }
    world.act(Deed::Step);
    world.act(Deed::Reject);
    assert!(
        world.said().contains("refuses the certificate"),
        "{}",
        world.said()
    );
    let told = told(&world, End::Client);
    let failed = |event: &String| event.starts_with("Failed(CertificateRejected(");
    assert!(told.iter().any(failed), "{told:?}");
}
