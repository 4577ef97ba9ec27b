//! What the server answers. `docs/openapi.json` describes each of these; what is not here is a file of the page.

use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use tower_http::trace::{DefaultOnFailure, TraceLayer};

use super::{Server, access, assets, guard, mjpeg, recording, sockets, takes};

/// The description of all calls, OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("../../../docs/openapi.json");

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    /// The token, where the page has one.
    Token,
}

/// One path and method.
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub needs: Needs,
    answer: MethodRouter<Server>,
}

pub fn routes() -> Vec<Route> {
    let route = |needs, method: Method, path, answer| Route { method, path, needs, answer };
    let open = |method, path, answer| route(Needs::Nothing, method, path, answer);
    let read = |path, answer| route(Needs::Token, Method::GET, path, answer);
    let act = |path, answer| route(Needs::Token, Method::POST, path, answer);
    vec![
        open(Method::GET, "/api/openapi.json", get(openapi)),
        open(Method::GET, "/api/access", get(access::admission)),
        open(Method::POST, "/api/login", post(access::login)),
        open(Method::POST, "/api/logout", post(access::logout)),
        read("/api/status", get(super::status)),
        read("/api/history", get(super::history)),
        read("/api/geometry", get(super::geometry)),
        act("/api/background", post(super::take_background)),
        act("/api/rig", post(super::command_rig)),
        act("/api/recording/begin", post(recording::begin)),
        act("/api/recording/end", post(recording::end)),
        read("/api/takes", get(takes::list)),
        read("/api/takes/{name}", get(takes::summary)),
        read("/api/takes/{name}/bodies", get(takes::bodies)),
        read("/api/takes/{name}/geometry", get(takes::geometry)),
        read("/live", get(sockets::live)),
        read("/preview", get(sockets::preview)),
        read("/poses", get(sockets::poses)),
        read("/cam/{file}", get(mjpeg::stream)),
    ]
}

pub fn router(server: Server) -> Router {
    let access = server.access.clone();
    let (mut closed, mut open) = (Router::new(), Router::new());
    for Route { path, needs, answer, .. } in routes() {
        match needs {
            Needs::Token => closed = closed.route(path, answer),
            Needs::Nothing => open = open.route(path, answer),
        }
    }
    closed
        .route_layer(middleware::from_fn_with_state(access.clone(), access::check))
        .merge(open)
        .fallback(assets::serve)
        .layer(middleware::from_fn_with_state(access, guard::check))
        // Before a session has a status, its page is told that there is none yet: no error of the server's. Headers,
        // which may hold a token, are not logged.
        .layer(TraceLayer::new_for_http().on_failure(DefaultOnFailure::new().level(tracing::Level::DEBUG)))
        .with_state(server)
}

async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], OPENAPI)
}
