// An OAuth2 provider that knows one account and believes everyone.
import http from "node:http";

export async function provider() {
  const server = http.createServer((request, response) => {
    const said = request.url.startsWith("/token")
      ? { access_token: "access", token_type: "bearer", expires_in: 60 }
      : { sub: "eve1", name: "Eve", email: "eve@example.com", email_verified: true };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
