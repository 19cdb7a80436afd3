//! `take_changes`: who is woken by it alone misses nothing, and wakes nobody for nothing.

use std::collections::VecDeque;

use sslcore::{Changes, Event, Limits, Progress, ReadEnd};
use sslcore_tests::pair::{End, Pair};

/// Encrypted, and all of that was told.
fn encrypted(limits: Limits) -> Pair {
    let mut pair = Pair::encrypted_in("TLSv1.3", limits);
    pair.client.conn.take_changes();
    pair.server.conn.take_changes();
    pair
}

/// What is set, by name.
fn names(changes: Changes) -> Vec<&'static str> {
    let all = [
        (changes.readable, "readable"),
        (changes.writable, "writable"),
        (changes.transmit, "transmit"),
        (changes.receive, "receive"),
        (changes.events, "events"),
        (changes.deadline, "deadline"),
        (changes.over, "over"),
    ];
    let set = all.iter().filter(|(set, _)| *set).map(|(_, name)| *name);
    set.collect()
}

fn changed(end: &mut End) -> Vec<&'static str> {
    let first = names(end.conn.take_changes());
    assert!(end.conn.take_changes().is_empty(), "told once");
    first
}

fn process(end: &mut End) {
    while end.conn.process(end.now()) != Progress::Idle {}
}

#[test]
fn each_call_tells_what_it_has_changed() {
    let mut pair = encrypted(Limits::default());
    let end = &mut pair.client;
    assert!(changed(end).is_empty());
    end.conn.write(b"data").expect("open");
    assert_eq!(changed(end), ["transmit", "events"]);
    end.conn.write(b"more").expect("open");
    assert!(changed(end).is_empty(), "who sends knows already");
    let n = end.conn.transmit().len();
    end.conn.transmitted(n - 1).expect("shown");
    assert_eq!(changed(end), ["events"]);
    end.conn.transmitted(1).expect("shown");
    assert!(changed(end).is_empty(), "the sum of an event that waits");
    while end.conn.poll_event().is_some() {}
    end.conn.write(b"data").expect("open");
    while end.conn.poll_event().is_some() {}
    let n = end.conn.transmit().len();
    end.conn.transmitted(n).expect("shown");
    while end.conn.poll_event().is_some() {}
    assert!(changed(end).is_empty(), "it was dealt with");
    end.conn.close();
    assert_eq!(changed(end), ["writable"]);
    process(end);
    assert_eq!(changed(end), ["transmit", "deadline"]);
    end.conn.abort();
    assert_eq!(
        changed(end),
        ["readable", "transmit", "events", "deadline", "over"]
    );
}

#[test]
fn what_arrives_wakes_the_reader_and_the_end_does() {
    let mut pair = encrypted(Limits::default());
    pair.server.write(b"data");
    let wire = pair.server.take();
    let end = &mut pair.client;
    end.conn.receive(&wire).expect("open");
    assert!(changed(end).is_empty(), "nothing is opened yet");
    process(end);
    assert_eq!(changed(end), ["readable", "events"]);
    pair.server.write(b"more");
    let wire = pair.server.take();
    let end = &mut pair.client;
    end.conn.receive(&wire).expect("open");
    process(end);
    assert_eq!(changed(end), ["readable"], "one event stands for both");
    end.conn.receive_reset();
    end.read_all();
    end.settle();
    assert_eq!(
        changed(end),
        ["readable", "writable", "transmit", "over"],
        "and the adapter may drop it"
    );
}

#[test]
fn a_full_receive_buffer_tells_when_it_has_room() {
    let limits = Limits {
        read_buffer_size: 1000,
        ..Limits::default()
    };
    let mut pair = encrypted(limits);
    let mut wire = Vec::new();
    for _ in 0..40 {
        pair.server.write(&[1; 1000]);
        wire.extend(pair.server.take());
    }
    let end = &mut pair.client;
    loop {
        let n = end.conn.receive(&wire).expect("open");
        wire.drain(..n);
        process(end);
        if n == 0 {
            break;
        }
        end.conn.take_changes();
    }
    assert!(!end.conn.wants_receive());
    assert!(!names(end.conn.take_changes()).contains(&"receive"));
    end.conn.consume(500).expect("unread");
    process(end);
    assert!(names(end.conn.take_changes()).contains(&"receive"));
    assert!(end.conn.wants_receive());
}

#[test]
fn a_short_write_is_told_of_room_again() {
    let mut pair = encrypted(Limits::default());
    let end = &mut pair.client;
    while end.conn.write(&[1; 16_384]).expect("open") > 0 {}
    assert_eq!(changed(end), ["transmit", "events"]);
    let n = end.conn.transmit().len();
    end.conn.transmitted(n).expect("shown");
    assert_eq!(changed(end), ["writable", "events"]);
}

/// Three tasks share a connection: one moves bytes, one reads, one writes. Each sleeps until a
/// change names it.
struct Tasks {
    end: End,
    to_read: Vec<u8>,
    to_write: Vec<u8>,
    awake: VecDeque<Task>,
    wake_ups: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Task {
    Transport,
    Reader,
    Writer,
}

impl Tasks {
    fn new(end: End, to_write: Vec<u8>) -> Self {
        Self {
            end,
            to_read: Vec::new(),
            to_write,
            awake: [Task::Transport, Task::Reader, Task::Writer].into(),
            wake_ups: 0,
        }
    }

    fn wake(&mut self, task: Task) {
        if !self.awake.contains(&task) {
            self.wake_ups += 1;
            self.awake.push_back(task);
        }
    }

    /// Runs whoever is awake, and wakes whom the changes name, but for the task that runs.
    fn run(&mut self, wire: &mut Vec<u8>, from_peer: &mut Vec<u8>, window: usize) {
        while let Some(task) = self.awake.pop_front() {
            match task {
                Task::Transport => self.transport(wire, from_peer, window),
                Task::Reader => self.read(),
                Task::Writer => self.write(),
            }
            process(&mut self.end);
            while let Some(event) = self.end.conn.poll_event() {
                self.end.events.push(event);
            }
            let changes = self.end.conn.take_changes();
            if changes.transmit || changes.receive || changes.deadline {
                self.wake(Task::Transport);
            }
            if changes.readable {
                self.wake(Task::Reader);
            }
            if changes.writable {
                self.wake(Task::Writer);
            }
        }
    }

    fn transport(&mut self, wire: &mut Vec<u8>, from_peer: &mut Vec<u8>, window: usize) {
        let conn = &mut self.end.conn;
        let n = conn.transmit().len().min(window.saturating_sub(wire.len()));
        wire.extend_from_slice(&conn.transmit()[..n]);
        conn.transmitted(n).expect("shown");
        if !from_peer.is_empty() {
            let n = conn.receive(from_peer).expect("open");
            from_peer.drain(..n);
        }
    }

    fn read(&mut self) {
        let mut some = [0; 1500];
        while let Ok(n) = self.end.conn.read(&mut some) {
            self.to_read.extend_from_slice(&some[..n]);
        }
    }

    fn write(&mut self) {
        let n = self.end.conn.write(&self.to_write).unwrap_or(0);
        self.to_write.drain(..n);
        if self.to_write.is_empty() {
            self.end.conn.close();
        }
    }
}

#[test]
fn three_tasks_that_wake_by_it_alone_never_hang_and_hardly_ever_wake_each_other() {
    let limits = Limits {
        read_buffer_size: 2000,
        transmit: 5000,
        ..Limits::default()
    };
    let pair = encrypted(limits);
    let data: Vec<u8> = (0..40_000u32).map(|n| n as u8).collect();
    let mut client = Tasks::new(pair.client, data.clone());
    let mut server = Tasks::new(pair.server, data.clone());
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for _ in 0..1000 {
        // The network: what has arrived, or has room again, wakes who moves bytes.
        for tasks in [&mut client, &mut server] {
            if !tasks.awake.contains(&Task::Transport) {
                tasks.awake.push_back(Task::Transport);
            }
        }
        client.run(&mut up, &mut down, 3000);
        server.run(&mut down, &mut up, 3000);
        if client.end.conn.is_done() && server.end.conn.is_done() {
            break;
        }
    }
    assert!(client.to_read == data && server.to_read == data);
    for tasks in [&client, &server] {
        assert_eq!(tasks.end.conn.read_end(), Some(ReadEnd::Closed));
        let closed = |event: &Event| matches!(event, Event::Closed(report) if report.clean);
        assert!(tasks.end.events.iter().any(closed));
        println!("{} wake-ups", tasks.wake_ups);
        assert!(tasks.wake_ups <= 64, "{} wake-ups", tasks.wake_ups);
    }
}
