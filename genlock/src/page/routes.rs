//! What the server answers. `docs/openapi.json` describes each of these; what is not here is a file of the page.

use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter, on};
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
    answer: fn(MethodFilter) -> MethodRouter<Server>,
}

pub fn routes() -> Vec<Route> {
    let open = |method, path, answer| Route { method, path, needs: Needs::Nothing, answer };
    let read = |path, answer| Route { method: Method::GET, path, needs: Needs::Token, answer };
    let act = |path, answer| Route { method: Method::POST, path, needs: Needs::Token, answer };
    vec![
        open(Method::GET, "/api/openapi.json", |method| on(method, openapi)),
        open(Method::GET, "/api/access", |method| on(method, access::admission)),
        open(Method::POST, "/api/login", |method| on(method, access::login)),
        open(Method::POST, "/api/logout", |method| on(method, access::logout)),
        read("/api/status", |method| on(method, super::status)),
        read("/api/history", |method| on(method, super::history)),
        read("/api/geometry", |method| on(method, super::geometry)),
        act("/api/background", |method| on(method, super::take_background)),
        act("/api/t-pose", |method| on(method, super::take_t_pose)),
        act("/api/rig", |method| on(method, super::command_rig)),
        act("/api/recording/begin", |method| on(method, recording::begin)),
        act("/api/recording/end", |method| on(method, recording::end)),
        read("/api/takes", |method| on(method, takes::list)),
        read("/api/takes/{name}", |method| on(method, takes::summary)),
        read("/api/takes/{name}/bodies", |method| on(method, takes::bodies)),
        read("/api/takes/{name}/geometry", |method| on(method, takes::geometry)),
        read("/live", |method| on(method, sockets::live)),
        read("/preview", |method| on(method, sockets::preview)),
        read("/poses", |method| on(method, sockets::poses)),
        read("/cam/{file}", |method| on(method, mjpeg::stream)),
    ]
}

pub fn router(server: Server) -> Router {
    let access = server.access.clone();
    let (mut closed, mut open) = (Router::new(), Router::new());
    for Route { method, path, needs, answer } in routes() {
        let filter = if method == Method::POST { MethodFilter::POST } else { MethodFilter::GET };
        match needs {
            Needs::Token => closed = closed.route(path, answer(filter)),
            Needs::Nothing => open = open.route(path, answer(filter)),
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
