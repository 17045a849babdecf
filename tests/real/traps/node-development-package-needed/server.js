const ms = require('ms')

require('http')
  .createServer((request, response) => response.end(`${ms('1m')} ms for ${request.url}\n`))
  .listen(3000)
