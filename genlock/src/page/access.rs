//! Who may use the page: on loopback every local program; otherwise whoever knows the token.
//!
//! A program sends `Authorization: Bearer TOKEN`. A browser sends the token once, in the body of `POST /api/login`, and
//! then holds a cookie with the random name of its visit, which is no use to a session started later. Neither is ever
//! part of a URL, nor logged.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::error::{PageError, Refusal};
use super::token::{Token, same};

/// Browsers that may be logged in at the same time; the one that came first is logged out for another.
const VISITS: usize = 64;
const VISIT_BYTES: usize = 32;

/// Who may use a page.
pub struct Access {
    token: Option<Token>,
    allowed_hosts: Vec<String>,
    loopback: bool,
    /// Cookies of one host are shared by its ports, so the name has the port.
    cookie: String,
    /// The secrets of the browsers that are logged in.
    visits: Mutex<VecDeque<String>>,
}

/// The answer of `/api/access`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Admission {
    pub needs_token: bool,
    /// Whether this request came with a token or a cookie that is right, or needs none.
    pub admitted: bool,
}

#[derive(Deserialize)]
pub struct Login {
    token: String,
}

impl Access {
    /// `allowed_hosts` are the names by which a reverse proxy, or the network, knows this server.
    ///
    /// # Errors
    /// Others than this machine's programs could reach the page, and there is no token.
    pub fn new(address: SocketAddr, token: Option<Token>, allowed_hosts: &[String]) -> Result<Self, PageError> {
        let loopback = address.ip().is_loopback();
        if token.is_none() && (!loopback || !allowed_hosts.is_empty()) {
            return Err(PageError::NoToken { address });
        }
        let allowed_hosts = allowed_hosts.iter().map(|name| name.to_ascii_lowercase()).collect();
        let cookie = format!("genlock-{}", address.port());
        Ok(Self { token, allowed_hosts, loopback, cookie, visits: Mutex::default() })
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }

    pub(super) fn allows_host(&self, name: &str) -> bool {
        self.allowed_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(name))
    }

    /// Why a request is not admitted.
    fn refusal(&self, headers: &HeaderMap) -> Option<&'static str> {
        let token = self.token.as_ref()?;
        let bearer = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        if let Some(given) = bearer {
            let given = given.split_once(' ').filter(|(kind, _)| kind.eq_ignore_ascii_case("bearer"));
            let right = given.is_some_and(|(_, given)| token.is(given.trim()));
            return if right { None } else { Some("the token is wrong") };
        }
        match self.visit(headers) {
            Some(visit) if self.knows(visit) => None,
            Some(_) => Some("this login is no longer valid; give the token again"),
            None => Some("a token is needed: send `Authorization: Bearer TOKEN`, or log in on the page"),
        }
    }

    fn visit<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.cookie).map(|(_, value)| value)
    }

    fn knows(&self, visit: &str) -> bool {
        // Compares with all, so that the time says nothing.
        self.visits().iter().fold(false, |known, other| known | same(visit, other))
    }

    /// The secret of a new visit.
    fn admit(&self) -> Result<String, Refusal> {
        let mut bytes = [0; VISIT_BYTES];
        getrandom::fill(&mut bytes)
            .map_err(|_| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the system gives no random numbers"))?;
        let visit: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut visits = self.visits();
        if visits.len() == VISITS {
            visits.pop_front();
        }
        visits.push_back(visit.clone());
        Ok(visit)
    }

    fn visits(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cookie's header. A proxy that speaks TLS to the browser says so, and the cookie then stays on TLS.
    fn set_cookie(&self, visit: &str, rest: &str, headers: &HeaderMap) -> HeaderMap {
        let secure = headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https");
        let secure = if secure { "; Secure" } else { "" };
        let text = format!("{}={visit}; Path=/; HttpOnly; SameSite=Strict{secure}{rest}", self.cookie);
        let value = HeaderValue::try_from(text).map(|mut value| {
            value.set_sensitive(true);
            (header::SET_COOKIE, value)
        });
        value.into_iter().collect()
    }
}

/// Lets those in who may.
pub async fn check(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    match access.refusal(request.headers()) {
        Some(why) => {
            let mut response = Refusal::new(StatusCode::UNAUTHORIZED, why).into_response();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response
        }
        None => next.run(request).await,
    }
}

pub async fn admission(State(access): State<Arc<Access>>, headers: HeaderMap) -> Json<Admission> {
    Json(Admission { needs_token: access.token.is_some(), admitted: access.refusal(&headers).is_none() })
}

pub async fn login(
    State(access): State<Arc<Access>>,
    headers: HeaderMap,
    Json(Login { token: given }): Json<Login>,
) -> Result<Response, Refusal> {
    let Some(token) = &access.token else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    if !token.is(given.trim()) {
        tracing::warn!("somebody gave a wrong token to the page");
        return Err(Refusal::new(StatusCode::UNAUTHORIZED, "the token is wrong"));
    }
    let visit = access.admit()?;
    Ok((StatusCode::NO_CONTENT, access.set_cookie(&visit, "", &headers)).into_response())
}

pub async fn logout(State(access): State<Arc<Access>>, headers: HeaderMap) -> Response {
    if let Some(visit) = access.visit(&headers) {
        access.visits().retain(|other| !same(visit, other));
    }
    (StatusCode::NO_CONTENT, access.set_cookie("", "; Max-Age=0", &headers)).into_response()
}
