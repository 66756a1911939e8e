"""An MCP server that is its own authorization server: FastMCP's in-memory provider."""
import sys

from fastmcp import FastMCP
from fastmcp.server.auth.auth import ClientRegistrationOptions, RevocationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider

port = int(sys.argv[1])
scopes = ["mcp:read", "mcp:write"]
auth = InMemoryOAuthProvider(
    base_url=f"http://127.0.0.1:{port}",
    client_registration_options=ClientRegistrationOptions(enabled=True, valid_scopes=scopes, default_scopes=scopes),
    revocation_options=RevocationOptions(enabled=True),
    required_scopes=["mcp:read"],
)
mcp = FastMCP("weather", auth=auth)


@mcp.tool
def get_weather(city: str) -> str:
    return f"Sunny in {city}"


mcp.run(transport="http", host="127.0.0.1", port=port, show_banner=False)
