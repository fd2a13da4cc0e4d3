/** The mock upstream in a process of its own: it counts concurrency itself, whatever the gateway does to its own. */
import { createMockUpstream, type MockUpstreamOptions } from '@headgate/mock-upstream'

const options = JSON.parse(process.argv[2]!) as MockUpstreamOptions
const upstream = await createMockUpstream({ requestLog: 20_000, ...options })
process.send!({ url: upstream.url })
process.once('disconnect', () => process.exit(0))
