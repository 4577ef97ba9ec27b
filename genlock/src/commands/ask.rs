//! Sends a request to a running session, as the buttons of its page do.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use miette::{IntoDiagnostic, WrapErr, bail};

use crate::cli::AtArgs;
use crate::page::Token;

const WAIT: Duration = Duration::from_secs(5);

/// Posts JSON, or an empty body, to the page. A refusal becomes an error with its text.
pub fn post(AtArgs { at, token_file }: &AtArgs, path: &str, json: Option<&str>) -> miette::Result<()> {
    let token = Token::read(token_file.as_deref()).into_diagnostic()?;
    let token = token.map_or_else(String::new, |token| format!("Authorization: {}\r\n", token.bearer()));
    let mut session = TcpStream::connect(at)
        .into_diagnostic()
        .wrap_err_with(|| format!("no session answers at {at}; give the address of its page with --at"))?;
    session.set_read_timeout(Some(WAIT)).into_diagnostic()?;
    let body = json.unwrap_or_default();
    let kind = if json.is_some() { "Content-Type: application/json\r\n" } else { "" };
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {at}\r\n{token}{kind}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    session.write_all(request.as_bytes()).into_diagnostic()?;
    let mut answer = String::new();
    session.read_to_string(&mut answer).into_diagnostic().wrap_err_with(|| format!("the answer of {at}"))?;
    let said = answer.split_once("\r\n\r\n").map_or("", |(_, text)| text.trim());
    match answer.split_whitespace().nth(1) {
        Some(code) if code.starts_with('2') => Ok(()),
        Some("409") => bail!("{said}"),
        Some("401") => {
            bail!("{said}: give the file with the page's token with --token-file, or set GENLOCK_PAGE_TOKEN")
        }
        code => bail!("{at} answered {}; is it the page of a genlock session?", code.unwrap_or("nothing")),
    }
}
