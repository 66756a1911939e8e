//! Five questions for each lesson, with explanations.

use serde::Deserialize;
use shared::{Failure, Reporter};

/// The questions, by lesson.
const QUESTIONS: &str = include_str!("quiz.json");

/// The questions of one lesson.
#[derive(Debug, Deserialize)]
pub struct Quiz {
    /// The lesson's number.
    pub lesson: u8,
    pub questions: Vec<Question>,
}

/// One question with several answers, of which one is right.
#[derive(Debug, Deserialize)]
pub struct Question {
    pub text: String,
    pub answers: Vec<String>,
    /// Which of the answers is right; counts from 1.
    pub right: usize,
    /// Why it is right.
    pub because: String,
}

/// All quizzes of the data file.
pub fn all() -> Result<Vec<Quiz>, Failure> {
    serde_json::from_str(QUESTIONS).map_err(|error| {
        let message = format!("The questions cannot be read: {error}.");
        Failure::new("learn.quiz", message, "Correct 06_audience_binding/src/further/learn/quiz.json.")
    })
}

/// Asks the questions of a lesson. Without a terminal it prints them with their answers.
pub async fn ask(reporter: &Reporter, lesson: u8) -> Result<(), Failure> {
    let Some(quiz) = all()?.into_iter().find(|quiz| quiz.lesson == lesson) else {
        let message = format!("There is no lesson {lesson:02}.");
        return Err(Failure::new("learn.lesson", message, "Pass the number of a lesson, 01 to 06."));
    };
    let (mut right, mut answered) = (0, 0);
    for (n, question) in quiz.questions.iter().enumerate() {
        reporter.note(shown(n + 1, question));
        let chosen = reporter.choose(question.answers.len()).await;
        answered += usize::from(chosen.is_some());
        let is_right = chosen == question.right.checked_sub(1);
        right += usize::from(is_right);
        let verdict = match chosen {
            Some(_) if is_right => "✔ Right.".to_owned(),
            Some(_) => format!("✘ The answer is {}.", question.right),
            None => format!("The answer is {}.", question.right),
        };
        reporter.note(format!("{verdict} {}", question.because));
    }
    if answered > 0 {
        reporter.note(format!("{right} of {} right. Next: cargo learn", quiz.questions.len()));
    }
    Ok(())
}

fn shown(n: usize, question: &Question) -> String {
    let answers = question.answers.iter().enumerate().map(|(n, answer)| format!("\n  {}  {answer}", n + 1));
    format!("Question {n}: {}{}", question.text, answers.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_lesson_has_five_good_questions() {
        let quizzes = all().unwrap();
        assert_eq!(quizzes.iter().map(|quiz| quiz.lesson).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
        let questions: Vec<_> = quizzes.iter().flat_map(|quiz| &quiz.questions).collect();
        assert!(quizzes.iter().all(|quiz| quiz.questions.len() == 5));
        for question in &questions {
            let Question { text, answers, right, because } = question;
            assert!((3..=4).contains(&answers.len()) && (1..=answers.len()).contains(right), "{text}");
            assert_eq!(answers.iter().collect::<BTreeSet<_>>().len(), answers.len(), "{text}");
            assert!(text.ends_with('?') && because.ends_with('.') && because.len() > 40, "{text}: {because}");
        }
        assert_eq!(questions.iter().map(|question| &question.text).collect::<BTreeSet<_>>().len(), 30);
        // Nobody passes by always choosing the same number.
        for n in 1..=3 {
            let number = questions.iter().filter(|question| question.right == n).count();
            assert!((5..=15).contains(&number), "{n} is right {number} times");
        }
    }

    #[tokio::test]
    async fn without_a_terminal_the_answers_come_with_the_questions() {
        let captured = shared::testing::Captured::json();
        ask(&captured.reporter(), 1).await.unwrap();
        let text = captured.text();
        assert!(text.contains("Question 5: ") && text.contains("The answer is "), "{text}");
        assert_eq!(ask(&captured.reporter(), 7).await.unwrap_err().id, "learn.lesson");
    }
}
