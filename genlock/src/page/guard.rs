//! Keeps other sites, which are open in the same browser, away from the page. Who may use it is another question
//! ([`super::access`]).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::access::Access;

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Browsers send the requesting site in `Origin` with every WebSocket and every POST; other programs send none. With DNS
/// rebinding, a foreign name that points to this host, `Origin` matches but `Host` is foreign.
fn refusal(access: &Access, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
    let host = text(header::HOST).unwrap_or_default();
    let name = name_of(host);
    let reached_by_address = is_address(name) && !access.is_loopback();
    if !(is_loopback_name(name) || reached_by_address || access.allows_host(name)) {
        return Some("this server answers only to localhost, and to names that --allowed-host gives\n");
    }
    let changes = method != Method::GET && method != Method::HEAD;
    // A proxy may pass on another `Host` than the one that the browser sees.
    let own = |origin: &str| {
        origin.split_once("://").is_some_and(|(_, authority)| {
            authority.eq_ignore_ascii_case(host) || access.allows_host(name_of(authority))
        })
    };
    if (changes || headers.contains_key(header::UPGRADE)) && text(header::ORIGIN).is_some_and(|origin| !own(origin)) {
        return Some("pages of other origins may not use this server\n");
    }
    None
}

/// The name or address of a host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn address(name: &str) -> Option<IpAddr> {
    name.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_address(name: &str) -> bool {
    address(name).is_some()
}

fn is_loopback_name(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost") || address(name).is_some_and(|ip| ip.is_loopback())
}

pub async fn check(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&access, request.method(), request.headers()) {
        Some(why) => (StatusCode::FORBIDDEN, why).into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_SECURITY_POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::token::Token;

    fn access(address: &str, allowed: &[&str]) -> Access {
        let token = Token::parse("0123456789abcdef", "the test").unwrap();
        let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        Access::new(address.parse().unwrap(), Some(token), &allowed).unwrap()
    }

    #[track_caller]
    fn check(access: &Access, method: Method, headers: &[(&'static str, &'static str)], allowed: bool) {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        let refusal = refusal(access, &method, &headers.collect());
        assert_eq!(refusal.is_none(), allowed, "{refusal:?}");
    }

    #[test]
    fn only_the_own_page_and_programs_get_in() {
        let own = access("127.0.0.1:8787", &[]);
        let check = |method: Method, headers: &[_], allowed| check(&own, method, headers, allowed);
        let post = Method::POST;
        check(Method::GET, &[("host", "127.0.0.1:8787")], true);
        check(Method::GET, &[("host", "[::1]:8787")], true);
        check(Method::GET, &[("host", "[::1]")], true);
        check(Method::GET, &[("host", "192.0.2.1:8787")], false);
        check(Method::GET, &[("host", "rebound.example:8787")], false);
        check(post.clone(), &[("host", "localhost:8787")], true);
        check(post.clone(), &[("host", "localhost:8787"), ("origin", "http://localhost:8787")], true);
        check(post.clone(), &[("host", "localhost:8787"), ("origin", "http://localhost:1")], false);
        check(post, &[("host", "localhost:8787"), ("origin", "null")], false);
        let foreign = ("origin", "http://elsewhere.example");
        check(Method::GET, &[("host", "localhost:8787"), ("upgrade", "websocket"), foreign], false);
        let own = ("origin", "http://localhost:8787");
        check(Method::GET, &[("host", "localhost:8787"), ("upgrade", "websocket"), own], true);
    }

    #[test]
    fn names_of_a_proxy_are_let_in_where_they_are_given() {
        let proxied = access("127.0.0.1:8787", &["Studio.example"]);
        let check = |headers: &[_], allowed| {
            super::tests::check(&proxied, Method::POST, headers, allowed);
            let socket = [headers, &[("upgrade", "websocket")]].concat();
            super::tests::check(&proxied, Method::GET, &socket, allowed);
        };
        check(&[("host", "studio.example")], true);
        check(&[("host", "studio.example"), ("origin", "https://studio.example")], true);
        // As nginx passes it on where it is not told otherwise.
        check(&[("host", "127.0.0.1:8787"), ("origin", "https://studio.example:8443")], true);
        check(&[("host", "other.example"), ("origin", "https://other.example")], false);
        check(&[("host", "studio.example"), ("origin", "https://studio.example.other")], false);
        check(&[("host", "studio.example.other")], false);
    }

    #[test]
    fn in_a_network_the_address_is_enough_and_other_names_are_not() {
        let public = access("192.0.2.7:8787", &["lab-pc"]);
        let check = |headers: &[_], allowed| super::tests::check(&public, Method::POST, headers, allowed);
        check(&[("host", "192.0.2.7:8787"), ("origin", "http://192.0.2.7:8787")], true);
        check(&[("host", "lab-pc:8787"), ("origin", "http://lab-pc:8787")], true);
        check(&[("host", "rebound.example:8787"), ("origin", "http://rebound.example:8787")], false);
        check(&[("host", "192.0.2.7:8787"), ("origin", "http://elsewhere.example")], false);
    }
}
