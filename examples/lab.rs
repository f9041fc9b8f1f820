//! Starts the laboratory, a mail world on loopback, says what is where, and stays up until Ctrl-C.
//!
//! ```console
//! $ cargo run --example lab
//! ```

use std::process::ExitCode;

use mailcheck_lab::World;

#[tokio::main]
async fn main() -> ExitCode {
    let world = match World::start().await {
        Ok(world) => world,
        Err(error) => {
            eprintln!("lab: {error}");
            return ExitCode::FAILURE;
        }
    };
    let authority = std::env::temp_dir().join(format!("mailcheck-lab-{}.pem", std::process::id()));
    if let Err(error) = std::fs::write(&authority, world.ca_pem()) {
        eprintln!("lab: {}: {error}", authority.display());
        return ExitCode::FAILURE;
    }
    println!("resolver   {} (UDP and TCP)", world.resolver());
    println!("authority  {}\n", authority.display());
    println!("domains");
    for domain in world.domains() {
        println!("  {:<26} {}", domain.name, domain.summary);
    }
    println!("\nservers (the address in the DNS, and where it really is)");
    for (logical, real) in world.routes() {
        println!("  {:<24} {real}", logical.to_string());
    }
    let host = std::net::SocketAddr::from(([192, 0, 2, 11], 25));
    if let Some(real) = world.route(host) {
        println!("\ntry");
        println!(
            "  dig @{} -p {} good.test MX",
            world.resolver().ip(),
            world.resolver().port()
        );
        println!(
            "  openssl s_client -starttls smtp -connect {real} -CAfile {}",
            authority.display()
        );
        println!(
            "  cargo run --example check -- --resolver {} --ca {} --connect-to {host}={real} --no-lists mx2.good.test:25",
            world.resolver(),
            authority.display(),
        );
    }
    println!("\nCtrl-C ends it.");
    let ended = tokio::signal::ctrl_c().await;
    // It is of no use without the servers.
    drop(std::fs::remove_file(&authority));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
