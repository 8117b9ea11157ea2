"""`netmon token`: what lets other machines look at the pages."""

import click


@click.command()
def token() -> None:
    """Make a token for web.token_sha256. It is shown this once and kept nowhere."""
    from netmon.web.guard import new_token

    made, digest = new_token()
    click.echo(f"Token, for Prometheus (bearer token) and browsers (password, any user): {made}")
    click.echo(f"In netmon.yaml:  web: {{token_sha256: {digest}}}")
