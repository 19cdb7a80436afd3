//! nginx: HTTP over TLS.

use std::net::SocketAddr;

use super::Folder;
use crate::certs::Identity;
use crate::network::free_address;
use crate::openssl::ca_pem;
use crate::peer::Peer;

/// Starts a web server that answers every request with the facts of its TLS session, `key=value`
/// in one line. `directives` go into its `server` block; `ssl_client_certificate ca.pem` is there
/// for them.
pub fn start(identity: &Identity, listen: &str, directives: &str) -> (Peer, SocketAddr) {
    let folder = Folder::new(identity);
    let address = free_address();
    folder.scratch.file("ca.pem", ca_pem());
    let Folder {
        path, cert, key, ..
    } = &folder;
    let config = format!(
        "daemon off;
pid {path}/pid;
error_log stderr info;
events {{}}
http {{
  access_log off;
  client_body_temp_path {path}/body;
  proxy_temp_path {path}/proxy;
  fastcgi_temp_path {path}/fastcgi;
  uwsgi_temp_path {path}/uwsgi;
  scgi_temp_path {path}/scgi;
  server {{
    listen {address} {listen};
    ssl_certificate {cert};
    ssl_certificate_key {key};
    {directives}
    location / {{
      return 200 \"version=$ssl_protocol alpn=$ssl_alpn_protocol sni=$ssl_server_name client=$ssl_client_verify\\n\";
    }}
  }}
}}
"
    );
    let config = folder.scratch.file("nginx.conf", config);
    let prefix = folder.path;
    let args = ["-e", "stderr", "-p", &prefix, "-c", &config];
    let mut server = Peer::start("nginx", args, folder.scratch);
    server.until_listening(address);
    (server, address)
}
