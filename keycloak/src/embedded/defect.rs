//! What the embedded IdP can do wrong on purpose: the misbehaving authorization server that
//! `--break` and tests need. One entry is no fault but a feature that Keycloak has and does not
//! switch on by itself.

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
    /// The authorization endpoint is a script.
    JavascriptUrl,
    /// The answer to an authorization request brings another `state` than the one that was sent.
    OtherState,
    /// The answer to an authorization request says that another issuer gave it.
    OtherIss,
    /// The answer to an authorization request does not say who gave it, although the metadata
    /// promises that.
    NoIss,
    /// Access tokens are given out that ended an hour ago.
    ExpiredTokens,
    /// Access tokens are given out that are good only in an hour.
    TokensNotYetGood,
    /// Access tokens say that another issuer gave them, although the right key has signed them.
    OtherIssuerInTokens,
    /// The keys cannot be had: their endpoint is out of service.
    NoKeys,
    /// Access tokens name their servers with a slash at the end.
    AudienceWithSlash,
    /// Access tokens are for two servers, and none of the two is the one that was asked for.
    AudienceOfOthers,
    /// No fault: Keycloak's feature `resource-indicators`, by which `resource` decides the audience
    /// (RFC 8707).
    ResourceIndicators,
}
