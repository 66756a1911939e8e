//! What the embedded IdP can do wrong on purpose: the misbehaving authorization server that `--break` and tests need.

/// One way to misbehave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The metadata claims another issuer.
    WrongIssuer,
    /// The metadata's issuer has a slash at the end that the real one lacks.
    TrailingSlash,
    /// The metadata does not say which PKCE methods there are.
    NoPkce,
    /// The metadata offers only the PKCE method `plain`.
    PlainOnly,
    /// The metadata is only where OpenID Connect Discovery puts it.
    OidcOnly,
    /// The token endpoint is plain http on another host.
    HttpNotLoopback,
    /// The metadata's well-known URL redirects to another place.
    RedirectingMetadata,
}
