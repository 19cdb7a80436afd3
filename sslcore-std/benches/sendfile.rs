//! What sending a file costs its sender: by the process, by the kernel's TLS, and by sendfile(2) there.
//!
//! `tests/run sendfile`, which boots a kernel that has TLS where this one has not; on one that has,
//! `cargo bench -p sslcore-std --features kernel --bench sendfile`. `-- MEGABYTES ROUNDS` are 256 and 9.

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{self, Read, Seek, SeekFrom, Write};
    use std::net::{Shutdown, TcpListener, TcpStream};
    use std::time::{Duration, Instant};

    use sslcore::ServerStart;
    use sslcore_std::SslSocket;
    use sslcore_tests::measured::{Spread, cpu_seconds, machine};
    use sslcore_tests::pair::{client, server, server_name};
    use sslcore_tests::peer::Scratch;

    type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

    const SUITES: [&str; 3] = [
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_CHACHA20_POLY1305_SHA256",
    ];
    const TIMEOUT: Option<Duration> = Some(Duration::from_secs(600));
    /// What is read of the file at once, where it is read.
    const PIECE: usize = 256 * 1024;

    /// Who sends, and how.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Way {
        Process,
        KernelWrite,
        KernelSendfile,
    }

    const WAYS: [Way; 3] = [Way::Process, Way::KernelWrite, Way::KernelSendfile];

    /// What it cost, per GB.
    #[derive(Clone, Copy)]
    struct Cost {
        cpu: f64,
        time: f64,
    }

    /// A sender and a peer that throws away what comes, unopened, so that nothing but sending is measured.
    fn connected(suite: &str) -> Outcome<(SslSocket, SslSocket, TcpStream)> {
        let backend = sslcore_std::default_backend;
        let trusting = client(backend()).ciphers(&[suite]).build()?;
        let serving = server(backend()).ciphers(&[suite]).build()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let stream = TcpStream::connect(listener.local_addr()?)?;
        let raw = stream.try_clone()?;
        let mut receiver = SslSocket::from_stream(stream)?;
        let mut sender = SslSocket::from_stream(listener.accept()?.0)?;
        sender.set_timeout(TIMEOUT);
        receiver.start_client_encryption(&trusting, server_name())?;
        sender.start_server_encryption(ServerStart::With(serving))?;
        std::thread::scope(|scope| {
            let receiving = scope.spawn(|| receiver.wait_for_encrypted(TIMEOUT));
            sender.wait_for_encrypted(TIMEOUT)?;
            receiving.join().expect("no panic")
        })?;
        raw.set_nonblocking(false)?;
        Ok((sender, receiver, raw))
    }

    fn throw_away(mut stream: TcpStream) -> io::Result<()> {
        let mut piece = vec![0; PIECE];
        while stream.read(&mut piece)? > 0 {}
        stream.shutdown(Shutdown::Both).or(Ok(()))
    }

    fn send(way: Way, sender: &mut SslSocket, file: &mut File, len: u64) -> Outcome<()> {
        if way == Way::KernelSendfile {
            let mut offset = 0;
            let sent = sender.send_file(file, &mut offset, len)?;
            if sent != len {
                return Err("the file has become shorter".into());
            }
        } else {
            file.seek(SeekFrom::Start(0))?;
            let mut piece = vec![0; PIECE];
            loop {
                let n = file.read(&mut piece)?;
                if n == 0 {
                    break;
                }
                sender.write_all(&piece[..n])?;
            }
        }
        Ok(sender.flush()?)
    }

    fn measure(way: Way, suite: &str, file: &mut File, len: u64) -> Outcome<Cost> {
        // Its owner does nothing more.
        let (mut sender, _receiver, stream) = connected(suite)?;
        if way != Way::Process {
            sender.offload_to_kernel()?;
        }
        let receiving = std::thread::spawn(|| throw_away(stream));
        let (cpu, start) = (cpu_seconds(), Instant::now());
        send(way, &mut sender, file, len)?;
        let gb = len as f64 / 1e9;
        let cost = Cost {
            cpu: (cpu_seconds() - cpu) / gb,
            time: start.elapsed().as_secs_f64() / gb,
        };
        sender.abort();
        // It may have been reset.
        let _ = receiving.join().expect("no panic");
        Ok(cost)
    }

    pub(super) fn run(arguments: &[u64]) -> Outcome<()> {
        // QEMU plays the processor, slowly, and each of its instructions takes a nanosecond.
        let counted = std::env::var_os("SSLCORE_ACCELERATOR").is_some_and(|it| it == "tcg");
        let (megabytes, rounds) = if counted { (16, 3) } else { (256, 9) };
        let unit = match counted {
            true => "instructions per byte: of the thread that sends, and of all until TCP has it",
            false => "s/GB: CPU time of the thread that sends, and time until TCP has it",
        };
        let megabytes = arguments.first().copied().unwrap_or(megabytes);
        let rounds = arguments.get(1).copied().unwrap_or(rounds);
        let scratch = Scratch::new();
        let len = megabytes << 20;
        let bytes = vec![7; 1 << 20];
        let path = scratch.file("file", b"");
        let mut file = File::options().read(true).write(true).open(path)?;
        for _ in 0..megabytes {
            file.write_all(&bytes)?;
        }
        println!("| {} |", machine());
        println!(
            "| {megabytes} MiB of the page cache, medians of {rounds} rounds in turn; {unit} |"
        );
        println!("| suite, TLS 1.3 | way | sender | × process | all | × process |");
        println!("|---|---|---|---|---|---|");
        for suite in SUITES {
            let mut costs = WAYS.map(|_| Vec::new());
            for _ in 0..rounds {
                for (way, costs) in WAYS.into_iter().zip(&mut costs) {
                    costs.push(measure(way, suite, &mut file, len)?);
                }
            }
            let of = |costs: &[Cost], what: fn(&Cost) -> f64| -> Vec<f64> {
                costs.iter().map(what).collect()
            };
            let [process, ..] = &costs;
            for (way, costs) in WAYS.iter().zip(&costs) {
                let [cpu, time] = [|cost: &Cost| cost.cpu, |cost: &Cost| cost.time]
                    .map(|what| (of(costs, what), of(process, what)))
                    .map(|(own, process)| {
                        let ratios = Spread::of_ratios(&own, &process);
                        format!("{:.2} | {ratios:.2}", Spread::of(own))
                    });
                println!("| {suite} | {way:?} | {cpu} | {time} |");
            }
        }
        Ok(())
    }
}

fn main() -> std::process::ExitCode {
    let arguments = std::env::args().skip(1).filter_map(|it| it.parse().ok());
    let arguments: Vec<u64> = arguments.collect();
    #[cfg(target_os = "linux")]
    if let Err(error) = linux::run(&arguments) {
        eprintln!("sendfile: {error}");
        return std::process::ExitCode::FAILURE;
    }
    let _ = arguments;
    std::process::ExitCode::SUCCESS
}
