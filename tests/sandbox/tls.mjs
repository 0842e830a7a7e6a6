/** A throw-away authority and its certificates, the bad ones included, made with the openssl command (P-256, quick). */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const NAMES = ["localhost", "login.localhost", "graph.localhost", "content.localhost", "push.localhost"];
const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
const LIFE = { good: ["20200101000000Z", "20491231235959Z"], expired: ["20200101000000Z", "20210101000000Z"], future: ["20480101000000Z", "20491231235959Z"] };

export const CERTIFICATES = ["good", "expired", "future", "wrong_host", "unknown_ca", "self_signed"];

export class Authority {
  /** Makes the authority in `folder`, or takes up the one that an earlier start left there. */
  constructor(folder, extraNames = []) {
    this.folder = folder;
    this.names = [...NAMES, ...extraNames.filter((name) => !NAMES.includes(name) && !/^[\d.]+$/.test(name))];
    this.serial = Date.now();
    writeFileSync(this.#file("openssl.cnf"), configuration());
    this.caFile = this.#file("ca.pem");
    if (!existsSync(this.caFile)) this.#makeAuthority("ca", "drive-agent sandbox CA");
  }

  /** Key and certificate chain of one kind, for tls.createSecureContext. */
  certificate(kind = "good") {
    const issuer = kind === "unknown_ca" ? "other-ca" : "ca";
    if (kind === "unknown_ca" && !existsSync(this.#file("other-ca.pem"))) this.#makeAuthority(issuer, "Some other CA");
    const file = this.#file(kind);
    const names = kind === "wrong_host" ? "DNS:other.example" : this.#subjectNames();
    writeFileSync(`${file}.ext`, `[server]\nbasicConstraints=critical,CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName=${names}\n`);
    const subject = ["-subj", "/CN=localhost", "-config", this.#file("openssl.cnf")];
    if (kind === "self_signed") {
      const extension = ["-addext", `subjectAltName=${names}`, "-addext", "basicConstraints=critical,CA:FALSE"];
      this.#openssl("req", "-x509", ...NEW_KEY, "-keyout", `${file}.key`, "-out", `${file}.pem`, "-days", "30", ...subject, ...extension);
    } else {
      this.#openssl("req", ...NEW_KEY, "-keyout", `${file}.key`, "-out", `${file}.csr`, ...subject);
      this.#sign(file, issuer, LIFE[kind] ?? LIFE.good);
    }
    return { key: readFileSync(`${file}.key`), cert: readFileSync(`${file}.pem`) };
  }

  /** `openssl ca` is the one command that sets both ends of a certificate's life; it wants a small database. */
  #sign(file, issuer, [from, to]) {
    const database = this.#file("index.txt");
    writeFileSync(database, "");
    writeFileSync(`${database}.attr`, "unique_subject = no\n");
    writeFileSync(this.#file("serial"), hexSerial(this.serial++));
    this.#openssl(
      "ca", "-batch", "-notext", "-config", this.#file("openssl.cnf"), "-cert", this.#file(`${issuer}.pem`),
      "-keyfile", this.#file(`${issuer}.key`), "-startdate", from, "-enddate", to, "-extfile", `${file}.ext`,
      "-extensions", "server", "-in", `${file}.csr`, "-out", `${file}.pem`,
    );
  }

  #makeAuthority(name, commonName) {
    const file = this.#file(name);
    this.#openssl(
      "req", "-x509", ...NEW_KEY, "-keyout", `${file}.key`, "-out", `${file}.pem`, "-days", "3650", "-sha256",
      "-subj", `/CN=${commonName}`, "-config", this.#file("openssl.cnf"), "-extensions", "authority",
    );
  }

  #subjectNames() {
    return [...this.names.map((name) => `DNS:${name}`), "IP:127.0.0.1", "IP:127.0.0.2", "IP:::1"].join(",");
  }

  #file(name) {
    return join(this.folder, name);
  }

  #openssl(...parameters) {
    execFileSync("openssl", parameters, { stdio: ["ignore", "ignore", "pipe"], cwd: this.folder });
  }
}

function hexSerial(number) {
  const text = number.toString(16).toUpperCase();
  return `${text.length % 2 ? "0" : ""}${text}\n`;
}

function configuration() {
  return `[req]
distinguished_name=name
prompt=no
[name]
CN=localhost
[authority]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
[ca]
default_ca=sandbox
[sandbox]
database=index.txt
serial=serial
new_certs_dir=.
default_md=sha256
policy=policy
[policy]
commonName=supplied
`;
}
