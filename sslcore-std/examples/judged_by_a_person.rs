//! A client that asks the person at the terminal about a certificate with errors, and
//! notices when the server does not wait for the answer.
//!
//! `cargo run --example judged_by_a_person -- HOST PORT`

use std::error::Error;
use std::io;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use sslcore_std::sslcore::{ClientConfig, OnErrors, Review, ReviewId, Verdict};
use sslcore_std::{SslSocket, WaitError};

/// Waits for the person's yes or no, and tells the connection. Who says nothing says no.
///
/// # Errors
/// Why there is nothing to decide any more: the server has hung up, the time to decide is over.
pub(crate) fn decide(
    socket: &mut SslSocket,
    id: ReviewId,
    answers: &Receiver<bool>,
) -> Result<(), WaitError> {
    let accepted = loop {
        match answers.try_recv() {
            Ok(accepted) => break accepted,
            Err(TryRecvError::Disconnected) => break false,
            Err(TryRecvError::Empty) => socket.keep_asking(Duration::from_millis(100))?,
        }
    };
    let errors = socket.review().map_or(Vec::new(), |it| it.errors.to_vec());
    let verdict = match accepted {
        true => Verdict::AcceptOnly(&errors), // these, and no others
        false => Verdict::Reject,             // the server gets the right alert
    };
    match socket.answer(id, verdict) {
        Ok(()) => Ok(()),
        Err(_) => socket.keep_asking(Duration::ZERO), // why nothing is asked any more
    }
}

/// What the person is shown.
pub(crate) fn question(review: &Review<'_>) -> String {
    let mut text = String::new();
    for error in review.errors {
        text += &format!("{error}\n");
    }
    text + "Go on all the same? [y/N]"
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(host), Some(port)) = (arguments.next(), arguments.next()) else {
        return Err("usage: judged_by_a_person HOST PORT".into());
    };
    let timeout = Some(Duration::from_secs(30));
    let config = ClientConfig::builder(sslcore_std::default_backend())
        .on_errors(OnErrors::Hold)
        .build()?;
    let mut socket = SslSocket::connect_to_host_encrypted(&host, port.parse()?, &config, timeout)?;
    match socket.wait_for_encrypted(timeout) {
        Err(WaitError::VerdictNeeded(id)) => {
            let review = socket.review().ok_or("nothing is asked")?;
            println!("{}", question(&review));
            let (answer, answers) = channel();
            thread::spawn(move || {
                let mut line = String::new();
                let read = io::stdin().read_line(&mut line);
                // Nobody listens when it came too late.
                let _ = answer.send(read.is_ok() && line.trim() == "y");
            });
            decide(&mut socket, id, &answers)?;
            socket.wait_for_encrypted(timeout)?;
        }
        outcome => outcome?,
    }
    println!("encrypted with {:?}", socket.connection().session_cipher());
    Ok(())
}
