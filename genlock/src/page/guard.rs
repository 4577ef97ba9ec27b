//! Access control of the page. It has no password, so other sites open in the same browser must not reach it.

use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

#[derive(Clone, Copy, Debug)]
pub struct Rule {
    loopback: bool,
}

impl Rule {
    pub fn for_listener(address: SocketAddr) -> Self {
        Self { loopback: address.ip().is_loopback() }
    }

    /// Browsers send the requesting site in `Origin` with every WebSocket and every POST; other programs send none.
    /// With DNS rebinding, a foreign name that points to this host, `Origin` matches but `Host` is foreign.
    fn refusal(self, method: &Method, headers: &HeaderMap) -> Option<&'static str> {
        let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or_default());
        let host = text(header::HOST).unwrap_or_default();
        if self.loopback && !is_loopback_name(host) {
            return Some("this server answers only to localhost\n");
        }
        let changes = method != Method::GET && method != Method::HEAD;
        if (changes || headers.contains_key(header::UPGRADE))
            && let Some(origin) = text(header::ORIGIN)
            && !origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
        {
            return Some("pages of other origins may not use this server\n");
        }
        None
    }
}

fn is_loopback_name(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

pub async fn check(State(rule): State<Rule>, request: Request, next: Next) -> Response {
    let mut response = match rule.refusal(request.method(), request.headers()) {
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

    #[track_caller]
    fn check(method: Method, headers: &[(&'static str, &'static str)], allowed: bool) {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value)));
        let refusal = Rule { loopback: true }.refusal(&method, &headers.collect());
        assert_eq!(refusal.is_none(), allowed, "{refusal:?}");
    }

    #[test]
    fn only_the_own_page_and_programs_get_in() {
        let post = Method::POST;
        check(Method::GET, &[("host", "127.0.0.1:8787")], true);
        check(Method::GET, &[("host", "[::1]:8787")], true);
        check(Method::GET, &[("host", "[::1]")], true);
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
}
