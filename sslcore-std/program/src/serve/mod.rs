//! `sslcore serve`: a TLS server to try clients on.

mod beginning;
mod connection;
mod fate;
mod identity;
mod line;
mod mail;
mod options;
mod output;
mod server;
mod smtp;
mod www;

use std::net::{TcpListener, TcpStream};
use std::process::ExitCode;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use self::options::Listener;
pub(crate) use self::options::Options;
use self::output::{Output, Shown};
use self::server::{Server, Service};
use crate::exit::Exit;
use crate::telling::{Trouble, Warning};

/// Connections at one time. One more waits until one of them ends.
const AT_ONCE: usize = 64;
/// How long to rest when the system has no connection to give, for lack of files perhaps.
const REST: Duration = Duration::from_millis(100);

pub(crate) fn run(options: &Options) -> ExitCode {
    let output = Output::new(options.json);
    match start(options, output) {
        Ok(exit) => exit.into(),
        Err(trouble) => {
            output.tell(&trouble);
            trouble.exit.into()
        }
    }
}

fn start(options: &Options, output: Output) -> Result<Exit, Trouble> {
    let proof = options.proof().map_err(Trouble::usage)?;
    let shown = Shown::of(&proof, options.psk.name(), options.client_options());
    let config = options.config(proof).map_err(Trouble::usage)?;
    let service = options.service().map_err(Trouble::usage)?;
    let nowhere = |why: String| Trouble::new(Exit::NotConnected, why);
    let Listener { listener, address } = options.listen().map_err(nowhere)?;
    let smtp = matches!(service, Service::Smtp);
    output.listening(address, &shown, smtp);
    let server = Server {
        config,
        service,
        timeout: options.timeout,
        key: options.psk.name().map(ToOwned::to_owned),
        output,
        exit: Mutex::new(Exit::Fine),
    };
    Ok(accept(&listener, Arc::new(server), options.connections()))
}

/// Takes connections, `count` of them or for ever, each into a thread of its own.
fn accept(listener: &TcpListener, server: Arc<Server>, count: Option<u64>) -> Exit {
    let slots = Arc::new(Slots::default());
    let mut taken = 0;
    while count.is_none_or(|count| taken < count) {
        let slot = Slot::take(&slots);
        match listener.accept() {
            Ok((stream, _)) => {
                taken += 1;
                let shared = Arc::clone(&server);
                let spawned = thread::Builder::new().spawn(move || {
                    serve(&shared, stream);
                    drop(slot);
                });
                if let Err(error) = spawned {
                    let why = format!("no thread for a connection: {error}");
                    server.output.tell(&Warning(why));
                }
            }
            Err(error) => {
                let why = format!("no connection: {error}");
                server.output.tell(&Warning(why));
                thread::sleep(REST);
            }
        }
    }
    slots.wait_until_all_are_free();
    *lock(&server.exit)
}

fn serve(server: &Server, stream: TcpStream) {
    let fate = connection::serve(server, stream);
    server.output.fate(&fate);
    let mut exit = lock(&server.exit);
    if *exit == Exit::Fine {
        *exit = fate.exit();
    }
}

/// What is behind these locks is as good after a panic as before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts the connections at one time.
#[derive(Default)]
struct Slots {
    used: Mutex<usize>,
    freed: Condvar,
}

impl Slots {
    fn wait_until_all_are_free(&self) {
        let mut used = lock(&self.used);
        while *used > 0 {
            used = self
                .freed
                .wait(used)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// One of them. It becomes free when dropped, also by a panic.
struct Slot(Arc<Slots>);

impl Slot {
    /// Waits for a free one.
    fn take(slots: &Arc<Slots>) -> Self {
        let mut used = lock(&slots.used);
        while *used >= AT_ONCE {
            used = slots
                .freed
                .wait(used)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *used += 1;
        Self(Arc::clone(slots))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *lock(&self.0.used) -= 1;
        self.0.freed.notify_all();
    }
}
