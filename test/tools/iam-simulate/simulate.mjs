// Reads requests as lines of JSON, each a simulation with a name. Answers each with a line: what IAM
// decides, by which statements, and which parts of the input it ignores.
import { createInterface } from 'node:readline'
import { runSimulation } from '@cloud-copilot/iam-simulate'

const named = (analysis, which) => (analysis?.[which] ?? []).map((s) => s.explain.identifier)

for await (const line of createInterface({ input: process.stdin })) {
  const { name, ...simulation } = JSON.parse(line)
  const answer = await runSimulation(simulation, {})
  const results = answer.resultType === 'wildcard' ? answer.results : [answer.result]
  const statements = results.flatMap((r) =>
    ['identityAnalysis', 'resourceAnalysis'].flatMap((of) =>
      ['allowStatements', 'denyStatements'].flatMap((which) => named(r?.analysis?.[of], which)),
    ),
  )
  console.log(JSON.stringify({
    name,
    decision: answer.overallResult ?? '',
    error: answer.errors ? JSON.stringify(answer.errors) : '',
    statements: [...new Set(statements)],
    ignored: [...new Set(results.flatMap((r) => r?.ignoredContextKeys ?? []))],
  }))
}
