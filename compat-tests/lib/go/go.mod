module gregor.example/compat/recordset

go 1.21
