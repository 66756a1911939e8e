use super::{command, filtered, settled};

#[test]
fn commands_are_read_as_the_shell_would() {
    let read = |line| command(line, "lesson");
    assert_eq!(read("$ cargo run -p lesson -- x"), Some((vec![], " -- x")));
    assert_eq!(read("$ A=1 B= cargo run -p lesson"), Some((vec![("A", "1"), ("B", "")], "")));
    for other in ["cargo run -p lesson", "$ cargo run -p other", "$ time cargo run -p lesson", "$ ls"] {
        assert_eq!(read(other), None, "{other}");
    }
}

#[test]
fn filters_let_through_what_the_shell_would() {
    let lines = ["a 1", "b 1", "x", "c 1", "b 2"];
    assert_eq!(filtered("cat", &lines), 0..5);
    assert_eq!((filtered("tail -n 2", &lines), filtered("tail -n 20", &lines)), (3..5, 0..5));
    assert_eq!(filtered("sed -n '/^b/,$p'", &lines), 1..5);
    assert_eq!(filtered("sed -n '/^b/,/^c/p'", &lines), 1..4);
    assert_eq!(filtered("sed -n '/^b/,/^z/p'", &lines), 1..5);
    assert_eq!(filtered("sed -n '/^z/,$p'", &lines), 5..5);
}

#[test]
fn what_differs_from_run_to_run_is_made_equal() {
    let text = "POST http://localhost:43211/mcp (17 ms)\nhttp://localhost:34567/realms/r http://localhost:1/realms/r\n\
                <code, 3 characters, hashed ba7816bf> <x, hashed 00000000> <y, hashed ba7816bf>\n\
                uri=http%3A%2F%2F127.0.0.1%3A40000%2Fcallback at 2026-01-02T03:04:05Z, 1795241720\n";
    let settled = settled(text);
    assert_eq!(
        settled,
        "POST http://localhost:8000/mcp (1 ms)\nhttp://localhost:54321/realms/r http://localhost:9000/realms/r\n\
         <code, 3 characters, hashed 5ec20001> <x, hashed 5ec20002> <y, hashed 5ec20001>\n\
         uri=http%3A%2F%2F127.0.0.1%3A8888%2Fcallback at 2026-11-21T12:00:00Z, 1795262400\n"
    );
}
