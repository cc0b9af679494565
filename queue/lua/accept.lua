#!lua flags=no-writes
return {'ok'}
