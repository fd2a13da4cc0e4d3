import { type Path, pointer } from './origin.ts'

const secretPlaces = [
  /^\/accounts\/\d+\/apiKey(\/|$)/,
  /^\/accounts\/\d+\/auth\/clientSecret(\/|$)/,
  // Its user info is one; the rest of it is no loss.
  /^\/accounts\/\d+\/proxy(\/|$)/,
  /^\/clients\/\d+\/keys(\/|$)/,
  /^\/admin\/token(\/|$)/,
]

/** Whether the value at this place of the document is a credential, whatever its shape. */
export const isSecretPath = (path: Path): boolean => {
  const place = pointer(path)
  return secretPlaces.some(pattern => pattern.test(place))
}

/** Text that is a credential wherever it stands: OpenAI's `sk-…`, Headgate's own `hg-…`, a bearer token, a JWT. */
export const looksLikeSecret = (text: string): boolean =>
  /(?:^|[^A-Za-z0-9])(?:sk|hg|pk|rk|ghp|xox[a-z])[-_][A-Za-z0-9_-]{6,}|^eyJ|bearer\s|[A-Za-z0-9+/=_-]{32,}/i.test(
    text,
  )
