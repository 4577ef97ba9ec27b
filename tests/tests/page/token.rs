//! A page that others can reach asks for its token.

use std::time::Duration;

use genlock_tests::{Running, eventually, fail, footage, genlock, succeed};
use serde_json::Value;

use crate::browser::{Browser, chromium};

const TOKEN: &str = "correct-horse-battery-staple";

#[test]
fn without_a_proper_token_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let (missing, short) = (folder.path().join("missing"), folder.path().join("short"));
    std::fs::write(&short, "short\n").unwrap();
    let refused = |file: Option<&std::path::Path>| {
        let mut command = genlock(["demo", "--virtual", "--listen", "127.0.0.1:0", "--allowed-host", "studio.example"]);
        command.env_remove("GENLOCK_PAGE_TOKEN").arg("--data").arg(folder.path().join("data"));
        fail(command.args(file.map(|file| ["--token-file".as_ref(), file.as_os_str()]).into_iter().flatten()))
    };
    let said = refused(None);
    assert!(said.contains("needs a token") && said.contains("--token-file FILE"), "{said}");
    let said = refused(Some(&missing));
    assert!(said.contains("the token cannot be read from") && said.contains("missing"), "{said}");
    let said = refused(Some(&short));
    assert!(said.contains("holds no token: a token has 16 to 512"), "{said}");
}

#[tokio::test]
async fn the_page_asks_for_the_token_once() {
    let Some(footage) = footage() else { return };
    let Some(program) = chromium() else {
        println!("skipped: no Chromium on this machine");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command =
        genlock(["demo", "--rate", "15", "--no-learner", "--no-finder", "--no-record", "--seconds", "200"]);
    command.arg("--listen").arg(address.to_string()).arg("--token-file").arg(&file);
    command.arg("--footage").arg(footage).arg("--data").arg(folder.path().join("data"));
    let _session = Running::start(&mut command);
    eventually("the page's port", Duration::from_secs(20), || std::net::TcpStream::connect(address).ok());

    let at = address.to_string();
    let said = fail(genlock(["background", "--at", &at]).env_remove("GENLOCK_PAGE_TOKEN"));
    assert!(said.contains("a token is needed") && said.contains("--token-file"), "{said}");
    let said = fail(genlock(["background", "--at", &at]).env("GENLOCK_PAGE_TOKEN", "wrong-wrong-wrong-wrong"));
    assert!(said.contains("the token is wrong"), "{said}");
    succeed(genlock(["background", "--at", &at, "--token-file"]).arg(&file));

    let mut browser = Browser::start(&program, &folder.path().join("profile")).await;
    let page = browser.open(&format!("http://{address}/")).await;
    let seen = "({ asks: !document.getElementById('login').hidden, answer: document.getElementById('login-answer').textContent, \
                link: document.getElementById('link').textContent, url: location.href, cookie: document.cookie, \
                cameras: document.querySelectorAll('li[data-camera]').length, \
                hidden: getComputedStyle(document.querySelector('main')).display === 'none' })";
    let asks = browser.until(&page, "the question for the token", seen, |seen| seen["asks"] == true).await;
    assert_eq!((&asks["hidden"], &asks["cameras"]), (&true.into(), &0.into()), "{asks}");
    let give = |token: &str| {
        format!("document.getElementById('token').value = '{token}'; document.querySelector('#login button').click()")
    };
    browser.look(&page, &give("wrong-wrong-wrong-wrong")).await;
    let told = |seen: &Value| seen["answer"] == "Not admitted: the token is wrong.";
    browser.until(&page, "that the token is wrong", seen, told).await;
    browser.look(&page, &give(TOKEN)).await;
    let live = |seen: &Value| seen["link"] == "live" && seen["cameras"] == 4 && seen["asks"] == false;
    let admitted = browser.until(&page, "the live page", seen, live).await;
    assert_eq!(admitted["cookie"], "", "scripts can read the cookie");
    assert!(!admitted["url"].as_str().unwrap().contains(TOKEN), "{admitted}");
    browser.look(&page, "location.reload()").await;
    browser.until(&page, "the live page after reloading, without a question", seen, live).await;
    browser.look(&page, "document.getElementById('logout').click()").await;
    browser.until(&page, "the question after logging out", seen, |seen| seen["asks"] == true).await;
    assert!(browser.errors.is_empty(), "{:?}", browser.errors);
}
