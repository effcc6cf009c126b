/** Ways to write a path that some program takes for the path itself: what two programs could read differently lets nobody through. */
export function spellingsOf(path: string): readonly string[] {
  const [first = '', ...rest] = path.slice(1).split('/');
  const last = rest.at(-1) ?? first;
  const before = path.slice(0, path.length - last.length);
  const encodedFirst = Buffer.from(first).toString('hex').replace(/../g, '%$&');
  return [
    ...[
      `/${path}`,
      `//${path}`,
      `/.${path}`,
      `/x/..${path}`,
      `/%2e${path}`,
      `/x/%2e%2e${path}`,
      `/x/%2E%2E${path}`,
      `/x/.%2e${path}`,
    ],
    ...[`${path}/.`, `${path}/..`, `${path}/%2e`, `${path}/x/..`, `${path}/x/%2e%2e`, `${path}//`],
    ...[`${before}/${last}`, `${before}./${last}`, path.replaceAll('/', '%2f'), `/${path.slice(1).replaceAll('/', '%2F')}`],
    ...[
      path.replaceAll('/', '%5c'),
      path.replaceAll('/', '\\'),
      `/x\\..${path}`,
      `/x/..%5c${path.slice(1)}`,
      `/x/..%2f${path.slice(1)}`,
    ],
    ...[`${path};`, `${path};a=b`, `/x;/..${path}`, `${path};/`, `${path}%3b`, `${path}%00`, `${path}%00.json`, `${path}%0a`],
    ...[
      `${path}%20/..`,
      `/%252e%252e${path}`,
      `${before}%25${last}`,
      `${path}%`,
      `${path}%2`,
      `${path}%zz`,
      `${path}%3f`,
      `${path}%23`,
    ],
    ...[
      `${path}/%c0%ae%c0%ae`,
      `/x%c0%af..${path}`,
      `${path}/%ef%bc%8e%ef%bc%8e`,
      `/x/..%ef%bc%8f${path.slice(1)}`,
      `${path}#`,
      `${path}#/x`,
    ],
    ...[`http://x${path}`, `x${path}`, '*', `${path}\u0001`, `${path}%e2%80%ae`, `/${'a'.repeat(9_000)}/..${path}`],
    ...[path.toUpperCase(), `/${encodedFirst.toUpperCase()}/..${path}`, `${before}${last.toUpperCase()}`],
  ];
}
