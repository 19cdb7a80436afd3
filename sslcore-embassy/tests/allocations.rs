//! What a socket allocates: nothing of its own.

mod common;

use allocation_counter::measure;
use common::{VERSIONS, started};
use embassy_futures::{block_on, join::join};
use embassy_sync::blocking_mutex::raw::NoopRawMutex;
use embassy_sync::pipe::Pipe;
use embedded_io_async::{Read, Write};
use sslcore_embassy::{Halves, SslSocket, Transport};

/// Says something as often as this, and hears it again.
async fn ask(socket: &mut SslSocket<impl Transport>, times: usize) {
    let mut heard = [0; 900];
    for _ in 0..times {
        socket.write_all(&[7; 900]).await.expect("said");
        socket.flush().await.expect("left");
        socket.read_exact(&mut heard).await.expect("heard");
    }
}

async fn answer(socket: &mut SslSocket<impl Transport>, times: usize) {
    let mut heard = [0; 900];
    for _ in 0..times {
        socket.read_exact(&mut heard).await.expect("heard");
        socket.write_all(&heard).await.expect("said");
        socket.flush().await.expect("left");
    }
}

#[test]
fn small_messages_allocate_nothing_once_a_connection_is_encrypted() {
    for version in VERSIONS {
        let mut there = Pipe::<NoopRawMutex, 512>::new();
        let mut back = Pipe::<NoopRawMutex, 512>::new();
        let ((at_server, to_server), (at_client, to_client)) = (there.split(), back.split());
        let one = Halves {
            reader: at_client,
            writer: to_server,
        };
        let other = Halves {
            reader: at_server,
            writer: to_client,
        };
        let (mut one, mut other) = started(version, (one, other));
        // The handshake, tickets, and the buffers as large as they become.
        block_on(join(ask(&mut one, 3), answer(&mut other, 3)));
        let steady = measure(|| {
            block_on(join(ask(&mut one, 100), answer(&mut other, 100)));
        });
        assert_eq!(steady.count_total, 0, "{version}");

        let (mut one, mut other) = (one.into_shared(), other);
        let (mut reader, mut writer) = one.split();
        let mut converse = || {
            block_on(async {
                let mut heard = [0; 900];
                let saying = async {
                    for _ in 0..100 {
                        writer.write_all(&[7; 900]).await.expect("said");
                    }
                    writer.flush().await.expect("left");
                };
                let hearing = async {
                    for _ in 0..100 {
                        reader.read_exact(&mut heard).await.expect("heard");
                    }
                };
                join(join(saying, hearing), answer(&mut other, 100)).await;
            });
        };
        // More waits at once than small buffers hold: larger ones come and go, as
        // `Limits::release_when_idle` says, and not for each of these 200 records.
        converse();
        let count = measure(converse).count_total;
        assert!(count < 200, "{version}: {count}");
    }
}
