//! Templates: stored in versions, found by language, rendered at enqueue.

mod compile;
mod context;
mod render;

use super::email::refuse;
use super::store::Queue;
use super::versions::{Rendered, TemplateRow};
use crate::base::QueueError;
use crate::base::limits::{MAX_SUBJECT, MAX_TEMPLATE, MAX_TEMPLATE_NAME, MAX_VERSIONS};
use crate::protocol::jsonb::json;
use crate::protocol::{NewTemplate, UsedTemplate};
use compile::{Part, Step, compile};
use serde_json::{Map, Value};

impl Queue {
    /// Stores a template; another content is another version.
    ///
    /// # Errors
    /// `invalid_input` names the part, and the line and the tag in it.
    pub fn put_template(&mut self, new: &NewTemplate) -> Result<UsedTemplate, QueueError> {
        let language = language(new.language.as_deref())?;
        check_name("name", &new.name)?;
        programs(new)?;
        let last = self.newest(&new.name, language.as_deref());
        let parts = |it: &NewTemplate| (it.subject.clone(), it.html.clone(), it.text.clone());
        if let Some(row) = last.filter(|row| parts(&row.parts) == parts(new)) {
            return Ok(row.is.clone());
        }
        let is = UsedTemplate {
            name: new.name.clone(),
            language,
            version: last.map_or(0, |row| row.is.version) + 1,
        };
        let kept = is.version.saturating_sub(MAX_VERSIONS as u32);
        self.templates.retain(|row| {
            (&row.is.name, &row.is.language) != (&is.name, &is.language) || row.is.version > kept
        });
        self.templates.push(TemplateRow {
            is: is.clone(),
            parts: new.clone(),
        });
        Ok(is)
    }

    /// A template with its variables, an object.
    ///
    /// # Errors
    /// `invalid_input` names a variable that is missing.
    pub fn render(
        &self,
        name: &str,
        wanted: Option<&str>,
        variables: &Value,
    ) -> Result<Rendered, QueueError> {
        let none = Map::new();
        json("variables", variables)?;
        let variables = match variables {
            Value::Null => &none,
            Value::Object(variables) => variables,
            _ => return refuse("variables", "must be an object"),
        };
        check_name("template", name)?;
        let mut language = language(wanted)?;
        let row = loop {
            if let Some(row) = self.newest(name, language.as_deref()) {
                break row;
            }
            // de-at, then de, then the default.
            let Some(longer) = language else {
                let why =
                    format!("there is no template {name}: store it with email_queue_template_put");
                return refuse("template", &why);
            };
            language = longer
                .rsplit_once('-')
                .map(|(shorter, _)| shorter.to_owned());
        };
        let [subject, html, text] = programs(&row.parts)?;
        let render = |part, program: Option<Vec<Step>>| {
            program
                .map(|program| render::render(part, &program, variables))
                .transpose()
        };
        Ok(Rendered {
            template: row.is.clone(),
            subject: render(Part::Subject, subject)?.unwrap_or_default(),
            html: render(Part::Html, html)?,
            text: render(Part::Text, text)?,
        })
    }

    fn newest(&self, name: &str, language: Option<&str>) -> Option<&TemplateRow> {
        let mut rows = self.templates.iter().rev();
        rows.find(|row| row.is.name == name && row.is.language.as_deref() == language)
    }
}

/// Subject, HTML and text as they are read.
fn programs(parts: &NewTemplate) -> Result<[Option<Vec<Step>>; 3], QueueError> {
    let mut programs = [None, None, None];
    let sources = [
        (Part::Subject, &parts.subject, MAX_SUBJECT),
        (Part::Html, &parts.html, MAX_TEMPLATE),
        (Part::Text, &parts.text, MAX_TEMPLATE),
    ];
    for ((part, source, most), program) in sources.into_iter().zip(&mut programs) {
        if let Some(source) = source {
            let fits = source.chars().count() <= most;
            let why = format!("must have at most {most} characters");
            QueueError::unless(fits, part.name(), &why)?;
            *program = Some(compile(part, source)?);
        }
    }
    let subject = parts.subject.as_deref().unwrap_or_default();
    let given = !subject.trim_matches(' ').is_empty();
    QueueError::unless(given, "subject", "is missing")?;
    let body = parts.html.is_some() || parts.text.is_some();
    QueueError::unless(body, "html", "is missing: give html, text or both")?;
    Ok(programs)
}

fn check_name(field: &str, name: &str) -> Result<(), QueueError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let fits = (1..=MAX_TEMPLATE_NAME).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(['_', '-']);
    QueueError::unless(fits, field, "must be 1 to 100 letters, digits, _ or -")
}

/// As templates are found by it: lower case, with hyphens; none is the default.
fn language(language: Option<&str>) -> Result<Option<String>, QueueError> {
    let language = language
        .unwrap_or_default()
        .to_ascii_lowercase()
        .replace('_', "-");
    if language.is_empty() {
        return Ok(None);
    }
    let (mut fits, mut parts) = (true, 0);
    for part in language.split('-') {
        let (least, most) = if parts == 0 { (2, 8) } else { (1, 8) };
        let letters = |byte: u8| byte.is_ascii_lowercase() || parts > 0 && byte.is_ascii_digit();
        fits &= (least..=most).contains(&part.len()) && part.bytes().all(letters);
        parts += 1;
    }
    QueueError::unless(fits && parts <= 5, "language", "must be like de or de-AT")?;
    Ok(Some(language))
}
