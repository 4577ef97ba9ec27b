use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use miette::{IntoDiagnostic, WrapErr, bail};

use crate::cli::BackgroundArgs;

const WAIT: Duration = Duration::from_secs(5);

/// The button of the page, for scripts.
pub fn run(args: &BackgroundArgs) -> miette::Result<()> {
    let at = &args.at;
    let mut session = TcpStream::connect(at)
        .into_diagnostic()
        .wrap_err_with(|| format!("no session answers at {at}; give the address of its page with --at"))?;
    session.set_read_timeout(Some(WAIT)).into_diagnostic()?;
    let request =
        format!("POST /api/background HTTP/1.1\r\nHost: {at}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    session.write_all(request.as_bytes()).into_diagnostic()?;
    let mut answer = String::new();
    session.read_to_string(&mut answer).into_diagnostic().wrap_err_with(|| format!("the answer of {at}"))?;
    match answer.split_whitespace().nth(1) {
        Some(code) if code.starts_with('2') => {
            println!("the next second of every camera becomes its background");
            Ok(())
        }
        code => bail!("{at} answered {}; is it the page of a genlock session?", code.unwrap_or("nothing")),
    }
}
