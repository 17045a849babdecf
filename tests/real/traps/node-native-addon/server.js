let how = 'compiled'
let sum
try {
  sum = require('./build/Release/sum.node')
} catch {
  how = 'plain'
  sum = (a, b) => a + b
}

require('http')
  .createServer((request, response) => response.end(`${sum(40, 2)}, ${how}, for ${request.url}\n`))
  .listen(3000)
