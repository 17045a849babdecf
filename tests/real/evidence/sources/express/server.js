require('express')().get('/', (request, answer) => answer.send('hello\n')).listen(3000)
