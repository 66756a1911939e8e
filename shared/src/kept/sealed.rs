//! A stored file that is encrypted with a passphrase: Argon2id (RFC 9106) makes the key, and
//! ChaCha20-Poly1305 (RFC 8439) encrypts. The parameters belong to the version of the form, so a
//! planted file cannot ask for more memory.

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

use crate::Secret;

/// How every encrypted file begins, whatever its version.
const BEGINNING: &[u8] = b"mcp-oauth store, encrypted, version ";
/// The first line of the version that this program writes.
const FIRST_LINE: &[u8] = b"mcp-oauth store, encrypted, version 1\n";
const SALT_BYTES: usize = 16;
/// 19 MiB and two passes: the least that OWASP advises for Argon2id. No measurable delay for a
/// user, and an attacker needs that memory for each guess.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Why a file cannot be decrypted.
#[derive(Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It was written by another version of this program.
    Version,
    /// The passphrase is wrong, or the file is not as it was written. No cipher can tell which.
    Passphrase,
}

/// Whether the file is encrypted, by its beginning.
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(BEGINNING)
}

/// The key that a passphrase and a file's salt give.
pub struct Key {
    salt: [u8; SALT_BYTES],
    key: LessSafeKey,
}

impl Key {
    /// A key for a file that is not encrypted yet; `None` where the system has no random numbers.
    pub fn generate(passphrase: &Secret) -> Option<Self> {
        Self::derive(passphrase, random()?)
    }

    fn derive(passphrase: &Secret, salt: [u8; SALT_BYTES]) -> Option<Self> {
        let parameters = Params::new(MEMORY_KIB, PASSES, 1, None).ok()?;
        let mut bytes = [0; 32];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(passphrase.expose().as_bytes(), &salt, &mut bytes)
            .ok()?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).ok()?;
        Some(Self { salt, key: LessSafeKey::new(key) })
    }

    /// Decrypts the file called `name`; the key encrypts the file's next version too.
    pub fn open(passphrase: &Secret, name: &str, sealed: &[u8]) -> Result<(Self, Vec<u8>), Unreadable> {
        let rest = sealed.strip_prefix(FIRST_LINE).ok_or(Unreadable::Version)?;
        let (salt, rest) = rest.split_first_chunk::<SALT_BYTES>().ok_or(Unreadable::Passphrase)?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Unreadable::Passphrase)?;
        let key = Self::derive(passphrase, *salt).ok_or(Unreadable::Passphrase)?;
        let mut bytes = rest.to_vec();
        let opened = key.key.open_in_place(Nonce::assume_unique_for_key(*nonce), name_of(name), &mut bytes);
        let length = opened.map_err(|_| Unreadable::Passphrase)?.len();
        bytes.truncate(length);
        Ok((key, bytes))
    }

    /// Encrypts what the file called `name` is to hold. The nonce is random: one key encrypts a few
    /// thousand versions of one file, and 2^32 would be safe.
    pub fn seal(&self, name: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = bytes.to_vec();
        let encrypted =
            self.key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), name_of(name), &mut sealed);
        encrypted.ok()?;
        Some([FIRST_LINE, &self.salt, &nonce, &sealed].concat())
    }
}

/// The tag covers the file's name, so that one file cannot be put in the place of another.
fn name_of(name: &str) -> Aad<Vec<u8>> {
    Aad::from([FIRST_LINE, name.as_bytes()].concat())
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_is_read_and_only_with_its_passphrase() {
        let passphrase = Secret::new("correct horse");
        let sealed = Key::generate(&passphrase).unwrap().seal("tokens.json", b"secret text").unwrap();
        assert!(is_sealed(&sealed) && !sealed.windows(6).any(|part| part == b"secret"));
        let (key, opened) = Key::open(&passphrase, "tokens.json", &sealed).unwrap();
        assert_eq!(opened, b"secret text");
        let again = key.seal("tokens.json", b"secret text").unwrap();
        assert_ne!(again, sealed, "another nonce");
        assert_eq!(Key::open(&passphrase, "tokens.json", &again).unwrap().1, b"secret text");

        let changed = |n: usize| {
            let mut bytes = sealed.clone();
            bytes[n] ^= 1;
            bytes
        };
        let header = FIRST_LINE.len();
        let wrong = Secret::new("correct horse ");
        for (passphrase, name, bytes, why) in [
            (&wrong, "tokens.json", sealed.clone(), Unreadable::Passphrase),
            (&Secret::new(""), "tokens.json", sealed.clone(), Unreadable::Passphrase),
            (&passphrase, "clients.json", sealed.clone(), Unreadable::Passphrase),
            (&passphrase, "tokens.json", changed(header), Unreadable::Passphrase),
            (&passphrase, "tokens.json", changed(header + SALT_BYTES), Unreadable::Passphrase),
            (&passphrase, "tokens.json", changed(sealed.len() - 1), Unreadable::Passphrase),
            (&passphrase, "tokens.json", sealed[..sealed.len() - 1].to_vec(), Unreadable::Passphrase),
            (&passphrase, "tokens.json", sealed[..header + 3].to_vec(), Unreadable::Passphrase),
            (&passphrase, "tokens.json", FIRST_LINE.to_vec(), Unreadable::Passphrase),
            (&passphrase, "tokens.json", changed(header - 2), Unreadable::Version),
            (&passphrase, "tokens.json", BEGINNING.to_vec(), Unreadable::Version),
        ] {
            assert!(is_sealed(&bytes));
            assert_eq!(Key::open(passphrase, name, &bytes).err(), Some(why), "{name}, {} bytes", bytes.len());
        }
        assert!(!is_sealed(b"{}") && !is_sealed(b"") && !is_sealed(&sealed[1..]));
    }
}
