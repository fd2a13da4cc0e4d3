import type { UpstreamFault } from '../wire/upstream.ts'
import { broken, type Finding } from './finding.ts'

/** How far an exchange came: each step is reached when the one before it is `ok`. */
export interface Steps {
  readonly dns: Step
  readonly connect: Step
  /** `none`: the upstream is spoken to in the clear. */
  readonly tls: Step | 'none'
  readonly auth: Step
}

export type Step = 'ok' | 'failed' | 'unknown'

/** The steps before the one that failed, by the name of that one; `answer` lies behind `tls` and before `auth`. */
export function stepsUntil(failed: keyof Steps | 'answer' | 'nothing', options: { plain: boolean }): Steps {
  const order = ['dns', 'connect', 'tls', 'answer', 'auth', 'nothing'] as const
  const at = order.indexOf(failed)
  const step = (name: keyof Steps): Step => {
    const place = order.indexOf(name)
    if (place === at) return 'failed'
    return place < at ? 'ok' : 'unknown'
  }
  return {
    dns: step('dns'),
    connect: step('connect'),
    tls: options.plain ? 'none' : step('tls'),
    auth: step('auth'),
  }
}

/** What a fault says about a place, and at which step. */
export function findFault(
  fault: UpstreamFault,
  host: string,
): { failed: keyof Steps | 'answer'; finding: Finding } {
  const detail = 'detail' in fault ? fault.detail : 'no answer in time'
  if (detail.startsWith('the token endpoint')) return { failed: 'auth', finding: tokenFinding(detail) }
  if (detail.startsWith('the egress proxy')) return { failed: 'connect', finding: proxyFinding(detail, host) }
  switch (fault.kind) {
    case 'connect':
      return connectFinding(detail, host)
    case 'tls':
      return { failed: 'tls', finding: tlsFinding(detail, host) }
    case 'auth':
      return { failed: 'auth', finding: tokenFinding(detail) }
    case 'headers_timeout':
    case 'idle_timeout':
      return {
        failed: 'answer',
        finding: broken(
          `${host} takes the connection and does not answer`,
          'look at the load and the log of the server',
        ),
      }
    case 'closed':
    case 'protocol':
      return {
        failed: 'answer',
        finding: broken(
          `${host} does not speak HTTP as it should (${detail})`,
          'check the port and the scheme in baseUrl',
        ),
      }
  }
}

function connectFinding(detail: string, host: string): ReturnType<typeof findFault> {
  const [leads, remedy] = detail.split('; ')
  if (remedy !== undefined) return { failed: 'dns', finding: broken(leads!, remedy) }
  if (detail === 'ENOTFOUND' || detail.endsWith('has no address'))
    return {
      failed: 'dns',
      finding: broken(`${host} has no address (${detail})`, 'correct the host in baseUrl'),
    }
  if (detail === 'EAI_AGAIN')
    return {
      failed: 'dns',
      finding: broken(
        `the name service does not answer for ${host} (${detail})`,
        'check the DNS of this machine',
      ),
    }
  if (detail === 'ECONNREFUSED')
    return {
      failed: 'connect',
      finding: broken(
        `nothing listens at ${host} (${detail})`,
        'start the server, or correct the port in baseUrl',
      ),
    }
  const fix = 'check firewalls and routes; where a proxy is needed, set proxy on the account'
  return { failed: 'connect', finding: broken(`no connection to ${host} can be made (${detail})`, fix) }
}

function tlsFinding(code: string, host: string): Finding {
  if (code === 'CERT_HAS_EXPIRED')
    return broken(
      `the certificate of ${host} has expired`,
      'renew it on the server; check the clock of this machine',
    )
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return broken(
      `the certificate of ${host} is made for another name`,
      'write that name in baseUrl, or set tls.serverName on the account',
    )
  if (/SELF_SIGNED|UNABLE_TO_/.test(code))
    return broken(
      `the certificate of ${host} is from an authority that is not trusted (${code})`,
      'set tls.ca on the account to a file with that authority',
    )
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE/.test(code))
    return broken(
      `${host} wants to be shown another certificate (${code})`,
      'set tls.cert and tls.key on the account',
    )
  return broken(
    `${host} does not speak TLS as it should (${code})`,
    'check the port and the scheme in baseUrl',
  )
}

function proxyFinding(detail: string, host: string): Finding {
  return broken(
    detail,
    `correct proxy on the account, with its user and password, and let it open tunnels to ${host}`,
  )
}

function tokenFinding(detail: string): Finding {
  const fix = detail.includes('invalid_client')
    ? 'put a secret that is in force into auth.clientSecret: they expire'
    : 'check authority, tenantId, clientId and scope under auth, and that this machine may reach the authority'
  return broken(detail, fix)
}
