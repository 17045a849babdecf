const { existsSync } = require('fs')

const made = './made/greeting.js'
const greeting = existsSync(`${__dirname}/${made}`) ? require('./made/greeting.js').greeting : 'Hello'

require('http')
  .createServer((request, response) => response.end(`${greeting} from ${request.url}\n`))
  .listen(3000)
